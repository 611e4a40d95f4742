// `npm run demo`: a dozen questions to two providers, recorded, compared, and everything stopped again.
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { listCauses, renderAnswerTable, type Target } from '../cli/answer-table.ts';
import { createAnswerTally } from '../cli/answer-tally.ts';
import { createApiCall } from '../cli/api-call.ts';
import { createApiClient } from '../cli/api-client.ts';
import { createBatchClient } from '../cli/batch-client.ts';
import { findHost, type HostAddress } from '../cli/find-host.ts';
import { createProgressView } from '../cli/progress-view.ts';
import { readLocalSettings } from '../local/local-settings.ts';
import { type LocalStack, startLocalStack } from '../local/local-stack.ts';
import { createStopSignal } from '../local/stop-signal.ts';
import type { BatchDetail } from '../src/contract/batch.ts';
import { chooseTargets } from './choose-targets.ts';
import { readWords } from './read-words.ts';

const help = `Sends the questions of a file to two providers, as one batch, and shows what came back.

Usage: npm run demo -- [options]

  --questions FILE  JSON lines of {"id", "prompt"} (default: examples/questions.jsonl)
  --data DIR        folder for the database; it is kept (default: .data/demo)
  --url URL         ask a host that runs already, with the key in SQ_KEY (npm start's own key is found)
  --help            this text

With a provider's key in the environment or in local.settings.json (docs/configuration.md) that provider is asked;
otherwise two offline ones are, of which one fails on purpose now and then. With DATABASE_URL set, rows go to that database.
Ends with 0 when it went through, 1 when something failed, 2 for wrong words.`;

const appDir = join(import.meta.dirname, '..');
const values = readWords(
  { name: 'demo', help },
  {
    questions: { type: 'string', default: join(appDir, 'examples/questions.jsonl') },
    data: { type: 'string', default: join(appDir, '.data/demo') },
    url: { type: 'string' },
  },
);
const isTty = process.stdout.isTTY === true;
const say = (line: string) => process.stdout.write(`${line}\n`);

/** Two offline providers that differ: one is quick, one is slow and sometimes fails. */
const quick = { name: 'echo', latencyMs: 40, latencyJitterMs: 20 };
const unreliable = {
  name: 'echo-slow',
  latencyMs: 140,
  latencyJitterMs: 80,
  outputTokens: 60,
  failureRate: 0.4,
};

const Question = z.object({ id: z.string().min(1).max(200), prompt: z.string().min(1) });
type Question = z.infer<typeof Question>;

function readQuestions(file: string): Question[] {
  if (!existsSync(file)) throw new Error(`${file} does not exist`);
  const lines = readFileSync(file, 'utf8').split('\n');
  const questions = lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    try {
      return [Question.parse(JSON.parse(line))];
    } catch {
      throw new Error(`${file}:${index + 1} is no {"id", "prompt"}`);
    }
  });
  if (questions.length === 0) throw new Error(`${file} has no questions`);
  return questions;
}

/** Asks every question of every target as one durable batch, and shows how it goes on. @returns its last state */
async function ask(
  host: HostAddress,
  questions: readonly Question[],
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<BatchDetail> {
  const batches = createBatchClient(createApiCall({ ...host, signal }));
  const batch = {
    name: 'demo',
    targets: [...targets],
    items: questions.map(({ id, prompt }) => ({ itemKey: id, prompt })),
    concurrency: 4,
    // One attempt, so that the table shows what a provider does and not what asking again makes of it.
    maxAttempts: 1,
    metadata: { demo: new Date().toISOString() },
  };
  let detail = await batches.createBatch(batch, { idempotencyKey: randomUUID() });
  const progress = createProgressView({ stream: process.stdout });
  try {
    for await (detail of batches.followBatch(detail.id, { signal })) progress.show(detail);
  } catch (error) {
    await cancel(host, detail.id);
    throw error;
  } finally {
    progress.stop();
  }
  return detail;
}

/** So that the rest is not asked at the next start. A host that has gone is told nothing. */
async function cancel(host: HostAddress, id: string): Promise<void> {
  const api = createApiCall({ ...host, signal: AbortSignal.timeout(2_000) });
  await createBatchClient(api)
    .cancelBatch(id)
    .catch(() => {});
}

async function demonstrate(
  host: HostAddress,
  questions: readonly Question[],
  signal: AbortSignal,
): Promise<void> {
  const api = createApiClient({ ...host, signal });
  await api.waitUntilReady(30_000);
  const targets = chooseTargets(await api.listProviders());
  if (targets.length === 0) throw new Error('no provider is configured: see docs/configuration.md');
  const names = targets.map(({ provider, model }) => `${provider} (${model})`).join(' and ');
  say(`\n${questions.length} questions to ${names}\n`);
  const { id, planned } = await ask(host, questions, targets, signal);

  // What the table shows is what is recorded, read back.
  const tally = createAnswerTally(targets.length);
  let recorded = 0;
  for await (const inference of api.allInferences({ batchId: id })) {
    recorded++;
    const index = targets.findIndex(
      ({ provider, model }) => provider === inference.provider && model === inference.model,
    );
    tally.add(index, inference);
  }
  say('');
  say(renderAnswerTable(targets, tally, isTty));
  for (const line of listCauses(tally)) say(line);
  if (targets.some(({ provider }) => provider === unreliable.name))
    say(`(${unreliable.name} fails on purpose)`);
  if (recorded !== planned) {
    throw new Error(`${recorded} rows are recorded where ${planned} questions were asked`);
  }
  const batches = createBatchClient(createApiCall({ ...host, signal }));
  const reconciliation = await batches.reconcileBatch(id);
  if (!reconciliation.holds) {
    throw new Error(`the batch is not the sum of its rows: ${JSON.stringify(reconciliation)}`);
  }
  say(`\n${recorded} rows recorded, found again by GET /api/v1/inferences?batchId=${id}`);
  if (!tally.targets.some(({ answered }) => answered > 0)) throw new Error('no question was answered');
}

function sayWhereTheRowsAre({ databaseDir }: LocalStack, dataDir: string): void {
  if (databaseDir === null) {
    say('They are in the table inference_runs of the database that DATABASE_URL names.');
    return;
  }
  const folder = relative(process.cwd(), dataDir) || '.';
  say(`They stay in ${relative(process.cwd(), databaseDir)}. To look at them: npm start -- --data ${folder}`);
  say(
    `and, while that runs: psql "$(cat ${join(folder, 'database-url')})" -c 'select * from inference_runs'`,
  );
}

async function demo(signal: AbortSignal): Promise<void> {
  const questions = readQuestions(resolve(values.questions));
  if (values.url !== undefined) {
    const host = findHost({ url: values.url, env: process.env, hostFile: join(appDir, '.data/host.json') });
    await demonstrate(host, questions, signal);
    return;
  }
  const dataDir = resolve(values.data);
  const lines: string[] = [];
  const stack = await startLocalStack({
    appDir,
    dataDir,
    port: 0,
    env: {
      SQ_LOG_LEVEL: 'warn',
      SQ_ECHO: JSON.stringify([quick, unreliable]),
      ...readLocalSettings(join(appDir, 'local.settings.json')),
      ...process.env,
    },
    onStep: ({ name, ms, detail }) => say(`${name.padEnd(11)}${`${ms} ms`.padStart(9)}  ${detail}`),
    log: (line) => lines.push(line),
    signal,
  });
  try {
    const host = { url: stack.url, key: stack.adminKey };
    await demonstrate(host, questions, AbortSignal.any([signal, signalOf(stack.lost)]));
    sayWhereTheRowsAre(stack, dataDir);
  } catch (error) {
    // What the host said explains most failures.
    if (!signal.aborted) for (const line of lines.slice(-30)) process.stderr.write(`${line}\n`);
    throw error;
  } finally {
    await stack.stop();
  }
}

/** Aborts when the host or the database ends under way. */
function signalOf(lost: Promise<string>): AbortSignal {
  const controller = new AbortController();
  void lost.then((reason) => controller.abort(new Error(reason)));
  return controller.signal;
}

try {
  await demo(createStopSignal('stopped'));
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
