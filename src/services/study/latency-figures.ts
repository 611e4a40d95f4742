import type { Estimate, LatencyFigures } from '../../contract/study.ts';
import type { FigureRow } from '../../db/study/study-queries.ts';
import { meanInterval } from '../../statistics/mean-interval.ts';
import { createValueHistogram, type ValueHistogram } from '../../statistics/value-histogram.ts';
import { addKnown } from './fold-figures.ts';

/** The histograms of rows, merged, of the measure that was asked for in this place. */
export const mergeHistograms = (rows: readonly FigureRow[], place = 0): ValueHistogram => {
  const histogram = createValueHistogram();
  for (const { histograms } of rows) {
    const bytes = histograms[place] ?? null;
    if (bytes !== null) histogram.merge(bytes);
  }
  return histogram;
};

/** A quantile with its interval; null without a value. */
export const quantileOf = (histogram: ValueHistogram, quantile: number): Estimate | null => {
  const value = histogram.quantile(quantile);
  if (value === null) return null;
  return { value, ...(histogram.quantileInterval(quantile) ?? { low: null, high: null }) };
};

/** Which of the two times. */
export type TimeOf = 'latency' | 'firstToken';

/** Mean time with its interval; null where none is known. */
export const meanTime = (rows: readonly FigureRow[], of: TimeOf): Estimate | null => {
  const moments = { count: 0, sum: 0, squares: 0 };
  for (const row of rows) {
    moments.count += row[`${of}Count`];
    moments.sum += row[`${of}Ms`] ?? 0;
    moments.squares += row[`${of}MsSquares`] ?? 0;
  }
  if (moments.count === 0) return null;
  const interval = meanInterval(moments) ?? { low: null, high: null };
  return { value: moments.sum / moments.count, ...interval };
};

/** Of rows that carry the histogram of that time in this place. */
export const latencyFigures = (
  rows: readonly FigureRow[],
  of: TimeOf,
  place: number,
): LatencyFigures | null => {
  const histogram = mergeHistograms(rows, place);
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((quantile) => quantileOf(histogram, quantile));
  const mean = meanTime(rows, of);
  if (!mean || !p50 || !p95 || !p99) return null;
  return { count: histogram.count, mean, p50, p95, p99 };
};

/** Output tokens over time, of the runs where both are known. */
export const tokensPerSecond = (rows: readonly FigureRow[]): number | null => {
  let tokens: number | null = null;
  let ms = 0;
  for (const row of rows) {
    tokens = addKnown(tokens, row.timedOutputTokens);
    ms += row.timedLatencyMs ?? 0;
  }
  return tokens === null || ms <= 0 ? null : tokens / (ms / 1000);
};
