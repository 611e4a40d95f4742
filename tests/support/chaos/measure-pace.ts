import { setTimeout as sleep } from 'node:timers/promises';
import { mostInWindow } from '../call-windows.ts';
import { postChaosBatch } from './chaos-batch.ts';
import { startChaosDatabase } from './chaos-database.ts';
import { startChaosHost } from './chaos-host.ts';
import { startChaosProvider } from './chaos-provider.ts';

export type PaceReport = {
  limitPerMinute: number;
  seconds: number;
  calls: number;
  mostInAMinute: number;
  /** Calls in a minute, over all of the time. */
  perMinute: number;
  /** Batches that each host posted and conducted. */
  hosts: number;
  faults: string[];
};

const limitPerMinute = 600;
const hosts = 2;

/** Two host processes on one database, each with a batch of its own at one provider, for longer than a minute. */
export const measurePace = async ({
  folder,
  seconds,
  onProgress,
  signal,
}: {
  folder: string;
  seconds: number;
  onProgress?: (done: number, all: number, words: string) => void;
  signal?: AbortSignal;
}): Promise<PaceReport> => {
  await using started = new AsyncDisposableStack();
  const database = await startChaosDatabase(folder);
  started.defer(() => database.stop());
  const provider = await startChaosProvider();
  started.defer(() => provider.stop());
  await provider.configure({ latencyMs: 50, jitterMs: 50, faultShare: 0, seed: 1 });
  const batches = [];
  for (let index = 0; index < hosts; index += 1) {
    const host = await startChaosHost({
      name: `pace-${index}`,
      folder,
      databaseUrl: database.url,
      providerUrl: provider.baseUrl,
      settings: { SQ_PROVIDER_LIMITS: JSON.stringify({ fake: { requestsPerMinute: limitPerMinute } }) },
    });
    started.defer(() => host.stop());
    const definition = { concurrency: 32, deadlineMs: 20_000 };
    const count = Math.ceil((limitPerMinute / 60) * seconds);
    batches.push({ host, batch: await postChaosBatch(host, { count, definition }) });
  }
  for (const end = Date.now() + seconds * 1000; Date.now() < end && signal?.aborted !== true; ) {
    await sleep(1000);
    onProgress?.(seconds - (end - Date.now()) / 1000, seconds, 'pace: two hosts at one provider');
  }
  const calls = await provider.calls();
  for (const { host, batch } of batches) await host.call('POST', `/api/v1/batches/${batch.id}/cancel`);

  const moments = calls.map(({ at }) => ({ at, weight: 1 }));
  const mostInAMinute = mostInWindow(moments, 60_000);
  const span = ((calls.at(-1)?.at ?? 0) - (calls[0]?.at ?? 0)) / 1000;
  const perMinute = Math.round((calls.length / span) * 60);
  const faults: string[] = [];
  if (mostInAMinute > limitPerMinute * 1.02) faults.push(`${mostInAMinute} calls in a minute`);
  if (perMinute < limitPerMinute * 0.9) faults.push(`only ${perMinute} calls a minute`);
  const shares = await Promise.all(
    batches.map(async ({ batch }) => {
      const [row] = await database.query<{ count: number }>(
        'select count(*)::int as count from inference_runs where batch_id = $1',
        [batch.id],
      );
      return row?.count ?? 0;
    }),
  );
  if (shares.some((count) => count < calls.length / 10))
    faults.push(`the hosts asked ${shares.join(' and ')}`);
  return {
    limitPerMinute,
    seconds: Math.round(span),
    calls: calls.length,
    mostInAMinute,
    perMinute,
    hosts,
    faults,
  };
};
