import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchDetail } from '../../../src/contract/batch.ts';
import type { ChaosHost } from './chaos-host.ts';

export type ChaosBatch = {
  id: string;
  planned: number;
  /** Resolves when the batch has ended, or not in time. Ticks every second, as an outside scheduler would every minute. */
  finished(withinMs: number): Promise<boolean>;
  /** Whether it has ended already. */
  isFinished(): boolean;
  settled(): number;
  detail(): BatchDetail | null;
};

const tickMs = 1000;

/** Every question names the batch and itself, and carries the same number in its metadata: log and record can be matched. */
export const postChaosBatch = async (
  host: ChaosHost,
  { count, definition }: { count: number; definition: Record<string, unknown> },
): Promise<ChaosBatch> => {
  const label = randomUUID();
  const items = Array.from({ length: count }, (_, index) => ({
    itemKey: `q-${index}`,
    prompt: `${label} ${index}`,
    metadata: { question: `${label} ${index}` },
  }));
  const body = { targets: [{ provider: 'fake', model: 'm' }], deadlineMs: 2000, ...definition, items };
  const posted = BatchDetail.parse(await host.call('POST', '/api/v1/batches', body));
  let detail: BatchDetail | null = posted;
  let ended = false;

  const settledOf = (batch: BatchDetail): number =>
    batch.counts.planned - batch.counts.pending - batch.counts.inProgress;
  const follow = async (withinMs: number): Promise<boolean> => {
    for (const end = Date.now() + withinMs; Date.now() < end && !ended; await sleep(tickMs)) {
      await host.call('POST', '/api/v1/tick').catch(() => null);
      const answer = await host.call('GET', `/api/v1/batches/${posted.id}`).catch(() => null);
      const parsed = BatchDetail.safeParse(answer);
      if (!parsed.success) continue;
      detail = parsed.data;
      ended = detail.finishedAt !== null;
    }
    return ended;
  };
  return {
    id: posted.id,
    planned: count,
    finished: follow,
    isFinished: () => ended,
    settled: () => (detail === null ? 0 : settledOf(detail)),
    detail: () => detail,
  };
};
