import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedDatabase } from '../local/database/embedded-database.ts';
import { startHostProcess } from '../local/host/start-host-process.ts';
import { startRealPostgres } from '../scripts/real-postgres.ts';
import { stageApp } from '../scripts/stage-app.ts';
import { type BatchRun, runBatch } from './batch-run.ts';
import { type Benchmark, median, progress, round } from './benchmark.ts';
import { startChild, stopChild } from './child-process.ts';

const model = 'bench-model';
const providers = ['one', 'two'];
const concurrency = 32;
const latencyMs = 50;

/** What 32 calls at once of 50 ms each cannot be quicker than. */
const idealMs = (calls: number) => (calls / concurrency) * latencyMs;

type Stack = { folder: string; providerUrl: string };

/** Starts a host on a database, runs batches of these sizes one after the other, and stops it. */
const measure = async (
  { folder, providerUrl }: Stack,
  database: { name: string; url: string },
  sizes: readonly number[],
  profile: string,
): Promise<BatchRun[]> => {
  const key = `sq_${randomBytes(32).toString('base64url')}`;
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    DATABASE_URL: database.url,
    SQ_ADMIN_KEY: key,
    SQ_COMPATIBLE_PROVIDERS: JSON.stringify(
      providers.map((name) => ({ name, baseUrl: `${providerUrl}/v1`, models: [{ id: model }] })),
    ),
  };
  execFileSync(process.execPath, [path.join(folder, 'dist/migrate.mjs')], { env });
  const durableFile = path.join(folder, `durable-${database.name}.sqlite`);
  const execArgv = profile
    ? ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${database.name}.cpuprofile`]
    : [];
  const host = await startHostProcess({
    appDir: folder,
    port: 0,
    env,
    durableFile,
    strictDurable: true,
    execArgv,
  });
  try {
    const runs: BatchRun[] = [];
    for (const items of sizes) {
      const countActions = items <= 2000;
      const options = { items, providers, model, concurrency, countActions };
      const run = await runBatch({ host, key, databaseUrl: database.url }, options);
      runs.push(run);
      const calls = items * providers.length;
      progress(
        `batch: ${database.name}, ${calls} calls in ${Math.round(run.wallMs)} ms, ` +
          `${(run.wallMs / idealMs(calls)).toFixed(3)} × ideal, ${(run.cpuMs / calls).toFixed(2)} ms CPU a call, ${Math.round(run.rssMb)} MB`,
      );
    }
    const warnings = await host.warnings();
    if (warnings.length > 0) throw new Error(`the host warned: ${warnings.slice(0, 3).join('; ')}`);
    return runs;
  } finally {
    await host.stop();
  }
};

/** A durable batch from its POST to its last committed answer, against what the provider's latency alone allows. */
export const batch: Benchmark = {
  about: 'a durable batch of two providers of 50 ms, 32 calls at once, against the ideal',
  options: {
    items: { type: 'string', default: '1000', about: 'questions, each asked of both providers' },
    large: { type: 'string', default: '10000', about: 'questions of the large batch; 0 leaves it out' },
    runs: {
      type: 'string',
      default: '3',
      about: 'batches of the small size after a warm-up; the median counts',
    },
    profile: { type: 'string', default: '', about: 'folder for CPU profiles of the hosts' },
  },
  bounds: {
    wallOverIdeal: { atMost: 1.2 },
    wallOverIdealEmbedded: { atMost: 1.7 },
    growth: { atMost: 11 },
    rssGrowthMb: { atMost: 60 },
    durableActionsPerItem: { atMost: 0.02 },
  },
  async run({ items: itemsText, large: largeText, runs: runsText, profile = '' }) {
    const [items, large, count] = [Number(itemsText), Number(largeText), Number(runsText)];
    const calls = items * providers.length;
    const folder = await mkdtemp(path.join(tmpdir(), 'bench-batch-'));
    const cleanUp: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
    try {
      await stageApp(folder, 'local');
      const provider = await startChild<{ url: string }>('constant-provider.ts', {
        parameters: [String(latencyMs)],
      });
      cleanUp.unshift(() => stopChild(provider.child));
      const stack = { folder, providerUrl: provider.message.url };
      const sizes = Array.from({ length: count + 1 }, () => items);

      const postgres = await startRealPostgres();
      cleanUp.unshift(() => postgres.stop());
      const real = await measure(
        stack,
        { name: 'postgresql', url: postgres.url },
        large > 0 ? [...sizes, large] : sizes,
        profile,
      );
      const embedded = await startEmbeddedDatabase({ dataDir: path.join(folder, 'postgres') });
      cleanUp.unshift(() => embedded.stop());
      const onEmbedded = await measure(stack, { name: 'embedded', url: embedded.url }, sizes, profile);

      const small = real.slice(1, count + 1);
      const wallOf = (runs: readonly BatchRun[]) => median(runs.map(({ wallMs }) => wallMs));
      const largest = large > 0 ? real.at(-1) : undefined;
      return {
        wallOverIdeal: round(wallOf(small) / idealMs(calls)),
        wallOverIdealEmbedded: round(wallOf(onEmbedded.slice(1)) / idealMs(calls)),
        growth: largest ? round(largest.wallMs / wallOf(small)) : null,
        growthIdeal: largest ? large / items : null,
        rssGrowthMb: largest ? round(largest.rssMb - (small.at(-1)?.rssMb ?? 0)) : null,
        durableActionsPerItem: round((small.at(-1)?.durableActions ?? 0) / calls),
        coldWallOverIdeal: round((real[0]?.wallMs ?? 0) / idealMs(calls)),
        coldWallOverIdealEmbedded: round((onEmbedded[0]?.wallMs ?? 0) / idealMs(calls)),
        cpuMsPerCall: round(median(small.map(({ cpuMs }) => cpuMs)) / calls),
        rssMb: round(small.at(-1)?.rssMb ?? 0),
        calls,
        rows: calls,
      };
    } finally {
      for (const step of cleanUp) await step();
    }
  },
};
