import { setTimeout as sleep } from 'node:timers/promises';
import { createSeededRandom } from '../../../src/providers/seeded-random.ts';
import { type ChaosBatch, postChaosBatch } from './chaos-batch.ts';
import { type ChaosDatabase, startChaosDatabase } from './chaos-database.ts';
import { type ChaosHost, startChaosHost } from './chaos-host.ts';
import { type ChaosProvider, startChaosProvider } from './chaos-provider.ts';
import { type ChaosVerdict, checkChaos } from './check-chaos.ts';
import { disturbOrchestrations } from './disturb-orchestrations.ts';

export type ChaosMode = 'host' | 'database' | 'faults';

export type ChaosOptions = {
  mode: ChaosMode;
  /** Of the host or the database; in `faults` nothing is killed. */
  kills: number;
  /** Items of each batch. */
  items: number;
  seed: number;
  /** How long a host or database lives between two kills at most. */
  mostLifeMs?: number;
  /** Empty; keeps logs and databases. */
  folder: string;
  onProgress?: (done: number, all: number, words: string) => void;
  signal?: AbortSignal;
};

export type ChaosReport = {
  mode: ChaosMode;
  database: string;
  kills: number;
  terminated: number;
  purged: number;
  batches: ChaosVerdict[];
  seconds: number;
  warnings: string[];
  faults: string[];
};

/** Every third kill comes after the orchestrations were ended behind the batch's back, every second of these removed. */
const disturbEvery = 3;
const concurrency = 32;
const latencyMs = 80;
/** A host or database lives at random from shortly after its start to so long. */
const leastLifeMs = 100;
const usualLifeMs = 2500;
const finishWithinMs = 120_000;

/**
 * Batch after batch until everything has been killed often enough; each is followed to its end and checked. The product gets no
 * hint of what is coming, and the checks look at the provider's log, the API and the rows.
 */
export const runChaos = async (options: ChaosOptions): Promise<ChaosReport> => {
  const { mode, kills, items, seed, folder, signal } = options;
  const startedAt = Date.now();
  const random = createSeededRandom(seed);
  await using started = new AsyncDisposableStack();
  const database: ChaosDatabase = await startChaosDatabase(folder);
  started.defer(() => database.stop());
  const provider: ChaosProvider = await startChaosProvider();
  started.defer(() => provider.stop());
  const host: ChaosHost = await startChaosHost({
    name: mode,
    folder,
    databaseUrl: database.url,
    providerUrl: provider.baseUrl,
  });
  started.defer(() => host.stop());

  const report: ChaosReport = {
    mode,
    database: database.kind,
    kills: 0,
    terminated: 0,
    purged: 0,
    batches: [],
    seconds: 0,
    warnings: [],
    faults: [],
  };
  const faultShare = mode === 'faults' ? 0.3 : 0;
  const all = mode === 'faults' ? items : kills;

  const tell = (batch: ChaosBatch): void => {
    const words = `${mode}: batch ${report.batches.length + 1}, ${batch.settled()} of ${batch.planned} items, ${report.kills} kills`;
    options.onProgress?.(mode === 'faults' ? batch.settled() : report.kills, all, words);
  };
  const kill = async (batch: ChaosBatch): Promise<void> => {
    await sleep(leastLifeMs + random() * ((options.mostLifeMs ?? usualLifeMs) - leastLifeMs));
    if (batch.isFinished()) return;
    if (report.kills % disturbEvery === disturbEvery - 1) {
      const isPurging = report.kills % (disturbEvery * 2) !== disturbEvery - 1;
      const disturbed = await disturbOrchestrations(host, batch.id, isPurging);
      report.terminated += disturbed.terminated;
      report.purged += disturbed.purged;
    }
    await (mode === 'host' ? host.crash() : database.crash());
    report.kills += 1;
  };

  do {
    signal?.throwIfAborted();
    await provider.configure({
      latencyMs,
      jitterMs: latencyMs,
      faultShare,
      seed: seed + report.batches.length,
    });
    const definition = { concurrency, maxAttempts: mode === 'faults' ? 20 : 5 };
    const batch = await postChaosBatch(host, { count: items, definition });
    const finished = batch.finished(finishWithinMs + kills * 8000);
    const follower = setInterval(() => tell(batch), 500);
    try {
      if (mode === 'faults') {
        await sleep(1500);
        const disturbed = await disturbOrchestrations(host, batch.id, false);
        report.terminated += disturbed.terminated;
      } else {
        while (report.kills < kills && !batch.isFinished() && signal?.aborted !== true) await kill(batch);
      }
      if (!(await finished)) {
        report.faults.push(`batch ${batch.id} did not end: ${JSON.stringify(batch.detail()?.counts)}`);
        break;
      }
    } finally {
      clearInterval(follower);
      tell(batch);
    }
    const context = { host, database, calls: await provider.calls() };
    const verdict = await checkChaos(context, batch.id, { retries: mode === 'faults', planned: items });
    report.batches.push(verdict);
    report.faults.push(...verdict.faults);
    // What was under way at a kill, and nothing else, has an unknown end.
    const lost = report.batches.reduce((sum, { unknown }) => sum + unknown, 0);
    const mostLost = report.kills * concurrency * 2;
    if (mode !== 'faults' && lost > mostLost)
      report.faults.push(`${lost} calls were lost by ${report.kills} kills`);
  } while (report.kills < kills && mode !== 'faults' && report.faults.length === 0);

  report.warnings = await host.warnings();
  report.seconds = Math.round((Date.now() - startedAt) / 100) / 10;
  return report;
};
