// `npm run demo`: a dozen questions to two providers, recorded, compared, and everything stopped again.
import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { z } from 'zod';
import { type ApiClient, createApiClient } from '../cli/api-client.ts';
import { findHost, type HostAddress } from '../cli/find-host.ts';
import { readLocalSettings } from '../local/local-settings.ts';
import { type LocalStack, startLocalStack } from '../local/local-stack.ts';
import { createStopSignal } from '../local/stop-signal.ts';
import type { Inference } from '../src/contract/inference.ts';
import { chooseTargets } from './choose-targets.ts';
import { isAnswered, listFailures, renderReport, type Target } from './demo-report.ts';

const help = `Sends the questions of a file to two providers and shows what came back.

Usage: npm run demo -- [options]

  --questions FILE  JSON lines of {"id", "prompt"} (default: examples/questions.jsonl)
  --data DIR        folder for the database; it is kept (default: .data/demo)
  --url URL         ask a host that runs already, with the key in SQ_KEY (npm start's own key is found)
  --help            this text

With a provider's key in the environment or in local.settings.json (docs/configuration.md) that provider is asked;
otherwise two offline ones are. With DATABASE_URL set, rows go to that database.`;

const appDir = join(import.meta.dirname, '..');
const isTty = process.stdout.isTTY === true;
const say = (line: string) => process.stdout.write(`${line}\n`);
const concurrency = 4;

/** Two offline providers that differ: one is quick, one is slow and sometimes fails. */
const offlineProviders = [
  { name: 'echo', latencyMs: 40, latencyJitterMs: 20 },
  { name: 'echo-slow', latencyMs: 140, latencyJitterMs: 80, outputTokens: 60, failureRate: 0.4 },
];

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

/** Asks every question of every target, a few at a time, in turns, so that both face the same conditions. */
async function ask(
  api: ApiClient,
  questions: readonly Question[],
  targets: readonly Target[],
  run: string,
): Promise<void> {
  const work = questions.flatMap((question) => targets.map((target) => ({ question, target })));
  const bar = isTty ? new SingleBar({ format: 'asking {bar} {value}/{total}', hideCursor: true }) : null;
  bar?.start(work.length, 0);
  const lane = async () => {
    for (let item = work.shift(); item !== undefined; item = work.shift()) {
      const { question, target } = item;
      const metadata = { demo: run, question: question.id };
      // One attempt, so that the table shows what a provider does and not what asking again makes of it.
      await api.createInference({ ...target, prompt: question.prompt, metadata, maxAttempts: 1 });
      bar?.increment();
    }
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, lane));
  } finally {
    work.length = 0;
    bar?.stop();
  }
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
  const run = new Date().toISOString();
  const names = targets.map(({ provider, model }) => `${provider} (${model})`).join(' and ');
  say(`\n${questions.length} questions to ${names}\n`);
  await ask(api, questions, targets, run);

  // What the table shows is what is recorded, read back.
  const recorded: Inference[] = [];
  for await (const inference of api.allInferences({ metadata: `demo:${run}` })) recorded.push(inference);
  say(renderReport(targets, recorded, isTty));
  for (const line of listFailures(recorded)) say(line);
  const expected = questions.length * targets.length;
  if (recorded.length !== expected) {
    throw new Error(`${recorded.length} rows are recorded where ${expected} questions were asked`);
  }
  say(
    `\n${recorded.length} rows recorded, found again by GET /api/v1/inferences?metadata=demo:${encodeURIComponent(run)}`,
  );
  if (!recorded.some(isAnswered)) throw new Error('no question was answered');
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
  const { values } = parseArgs({
    options: {
      questions: { type: 'string', default: join(appDir, 'examples/questions.jsonl') },
      data: { type: 'string', default: join(appDir, '.data/demo') },
      url: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    say(help);
    return;
  }
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
      SQ_ECHO: JSON.stringify(offlineProviders),
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
