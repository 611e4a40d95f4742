import { type Interval, z95 } from './interval.ts';

/** What is needed of a sample: how many, their sum, the sum of their squares. Sums of parts are the sums of the whole. */
export type Moments = { count: number; sum: number; squares: number };

/**
 * The mean's 95 % interval by the central limit theorem, mean ± z·s/√n with s² = (Σx² − (Σx)²/n)/(n − 1).
 * Not for small samples of skewed values; they have `bootstrapMean`.
 *
 * @returns null below two values
 */
export const meanInterval = ({ count, sum, squares }: Moments): Interval | null => {
  if (count < 2) return null;
  const mean = sum / count;
  const variance = Math.max(0, (squares - (sum * sum) / count) / (count - 1));
  const half = z95 * Math.sqrt(variance / count);
  return { low: mean - half, high: mean + half };
};
