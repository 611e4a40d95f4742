import type { Batch, BatchCounts, BatchDetail } from '../../contract/batch.ts';

/** What the counts of a batch look back on, in seconds. */
const windowSeconds = 60;

/** Rate over the last minute (of a finished batch: over its life), and how long the rest takes at that rate. */
export const batchProgress = (
  { startedAt, finishedAt }: Pick<Batch, 'startedAt' | 'finishedAt'>,
  { planned, pending, inProgress, settledLastMinute }: BatchCounts,
  now: number,
): Pick<BatchDetail, 'itemsPerSecond' | 'etaSeconds'> => {
  if (startedAt === null) return { itemsPerSecond: null, etaSeconds: null };
  const seconds = (Date.parse(finishedAt ?? new Date(now).toISOString()) - Date.parse(startedAt)) / 1000;
  if (finishedAt !== null) {
    return { itemsPerSecond: seconds > 0 ? round(planned / seconds) : null, etaSeconds: null };
  }
  const window = Math.min(seconds, windowSeconds);
  const rate = window > 0 ? settledLastMinute / window : 0;
  return rate > 0
    ? { itemsPerSecond: round(rate), etaSeconds: Math.ceil((pending + inProgress) / rate) }
    : { itemsPerSecond: null, etaSeconds: null };
};

const round = (value: number): number => Math.round(value * 1000) / 1000;
