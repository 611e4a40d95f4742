import type { Interval } from './interval.ts';
import { createRandomStream } from './random-stream.ts';

/** More would hold up the process, and move the ends by less than their own noise. */
const mostDraws = 4_000_000;

export type BootstrapMean = Interval & { mean: number; resamples: number; seed: number };

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * The mean with its 95 % percentile bootstrap interval: the 2.5 and 97.5 percentiles of the means of samples drawn with
 * replacement. For paired data the values are the differences of the pairs. Repeatable by its seed.
 * Source: Efron & Tibshirani, An Introduction to the Bootstrap (1993), §13.3.
 *
 * @returns null for fewer than two values: one says nothing about its spread
 */
export const bootstrapMean = (values: readonly number[], seed = 1, wanted = 1000): BootstrapMean | null => {
  const n = values.length;
  if (n < 2) return null;
  const resamples = Math.max(200, Math.min(wanted, Math.floor(mostDraws / n)));
  const random = createRandomStream(seed);
  const population = Float64Array.from(values);
  const means = new Float64Array(resamples);
  for (let sample = 0; sample < resamples; sample += 1) {
    let sum = 0;
    for (let draw = 0; draw < n; draw += 1) sum += population[Math.floor(random() * n)] ?? 0;
    means[sample] = sum / n;
  }
  means.sort();
  const at = (share: number) => means[Math.min(resamples - 1, Math.floor(share * resamples))] ?? 0;
  return { mean: meanOf(values), low: at(0.025), high: at(0.975), resamples, seed };
};
