// `npm run chaos`: kills and misbehaviour against the built app, and what must hold afterwards.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { createStopSignal } from '../local/stop-signal.ts';
import { openBatchDatabase } from '../tests/services/support/open-batch-services.ts';
import { createBudgetRuns } from '../tests/services/support/run-budget.ts';
import { runChaos } from '../tests/support/chaos/chaos-run.ts';
import { measurePace } from '../tests/support/chaos/measure-pace.ts';
import { startSpendingProvider } from '../tests/support/spending-provider.ts';
import { readWords } from './read-words.ts';

const help = `Kills the built app and its database at random moments, lets a provider misbehave, and checks what is left.

Usage: npm run chaos -- [options]

  --kills N     kills of the host; the database is killed half as often (default: 20)
  --items N     items of a batch (default: 2000)
  --seed N      of everything that is left to chance (default: 1)
  --runs N      random budgets with 200 workers each (default: five times the kills)
  --only PART   host, database, faults, budget or pace
  --help        this text

With SQ_TEST_DATABASE_URL set the database is one of that server; its connections are cut instead of its process killed.
The last line is a JSON summary. Exit code 1: something did not hold; its logs are kept then.`;

const values = readWords(
  { name: 'chaos', help },
  {
    kills: { type: 'string', default: '20' },
    items: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    runs: { type: 'string' },
    only: { type: 'string' },
  },
);
const parts = ['host', 'database', 'faults', 'budget', 'pace'] as const;
type Part = (typeof parts)[number];
type Outcome = { faults: string[] };

/** A window of a minute, and some time for it to move. */
const paceSeconds = 75;

const numberOf = (name: 'kills' | 'items' | 'seed' | 'runs', fallback = 0): number => {
  const value = Number(values[name] ?? fallback);
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} must be a whole number`);
  return value;
};

const createProgress = () => {
  const isTty = process.stderr.isTTY === true;
  const bar = isTty ? new SingleBar({ format: '{bar} {words}', barsize: 24, stream: process.stderr }) : null;
  let saidAt = 0;
  return {
    show: (done: number, all: number, words: string): void => {
      if (bar !== null) {
        if (!bar.isActive) bar.start(all, 0, { words });
        bar.setTotal(all);
        bar.update(Math.min(all, done), { words });
      } else if (Date.now() - saidAt > 5000) {
        saidAt = Date.now();
        process.stderr.write(`${words}\n`);
      }
    },
    stop: (): void => bar?.stop(),
  };
};
const progress = createProgress();

const runBudgets = async (runs: number, firstSeed: number, signal: AbortSignal) => {
  await using started = new AsyncDisposableStack();
  const database = await openBatchDatabase();
  started.defer(() => database.close());
  const provider = await startSpendingProvider();
  started.defer(() => provider.close());
  const run = createBudgetRuns(database, provider);
  const faults: string[] = [];
  const sums = { runs: 0, planned: 0, ok: 0, skipped: 0 };
  for (let seed = firstSeed; seed < firstSeed + runs && !signal.aborted; seed += 1) {
    const one = await run(seed, 200);
    sums.runs += 1;
    for (const key of ['planned', 'ok', 'skipped'] as const) sums[key] += one[key];
    faults.push(...one.faults.map((fault) => `seed ${seed}: ${fault}`));
    progress.show(seed - firstSeed + 1, runs, `budget: ${sums.runs} runs, ${sums.skipped} items left out`);
  }
  return { ...sums, faults };
};

const main = async (): Promise<void> => {
  const only = parts.find((part) => part === values.only);
  if (values.only !== undefined && only === undefined)
    throw new Error(`--only must be one of ${parts.join(', ')}`);
  const [kills, items, seed] = [numberOf('kills'), numberOf('items'), numberOf('seed')];
  const signal = createStopSignal('the chaos was stopped');
  const root = await mkdtemp(join(tmpdir(), 'sq-chaos-'));
  const folderOf = (part: Part): string => {
    const folder = join(root, part);
    mkdirSync(folder);
    return folder;
  };
  const onProgress = progress.show;
  const chaos = (mode: 'host' | 'database' | 'faults', modeKills: number, modeItems: number) =>
    runChaos({ mode, kills: modeKills, items: modeItems, seed, folder: folderOf(mode), onProgress, signal });
  const work: Record<Part, () => Promise<Outcome>> = {
    host: () => chaos('host', kills, items),
    database: () => chaos('database', Math.ceil(kills / 2), items),
    faults: () => chaos('faults', 0, items),
    budget: () => runBudgets(numberOf('runs', kills * 5), seed, signal),
    pace: () => measurePace({ folder: folderOf('pace'), seconds: paceSeconds, onProgress, signal }),
  };

  const startedAt = Date.now();
  const results: Partial<Record<Part, Outcome>> = {};
  const run = async (part: Part): Promise<void> => {
    if (only !== undefined && only !== part) return;
    signal.throwIfAborted();
    results[part] = await work[part]();
  };
  await run('host');
  await run('database');
  // These mostly wait.
  await Promise.all([run('faults'), run('pace'), run('budget')]);
  progress.stop();

  const faults = Object.entries(results).flatMap(([part, { faults: found }]) =>
    found.map((fault) => `${part}: ${fault}`),
  );
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  const summary = { holds: faults.length === 0, kills, items, seed, seconds, ...results };
  if (faults.length > 0) {
    writeFileSync(join(root, 'summary.json'), JSON.stringify(summary, null, 2));
    process.stderr.write(`${faults.join('\n')}\nLogs and databases are kept in ${root}\n`);
    process.exitCode = 1;
  } else rmSync(root, { recursive: true, force: true });
  process.stdout.write(`${JSON.stringify(summary)}\n`);
};

try {
  await main();
} catch (error) {
  progress.stop();
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
// What was killed may have left handles behind.
process.exit();
