import { binomialQuantile } from './binomial.ts';

/**
 * Ranks (from 1) of the order statistics that enclose a quantile with at least 95 % confidence, whatever the distribution:
 * the number of values below the quantile is binomial(n, q), so P(X₍l₎ ≤ ξ < X₍u₎) = P(l ≤ B ≤ u − 1).
 * Source: Conover, Practical Nonparametric Statistics, 3rd ed., §3.2; Hahn & Meeker, Statistical Intervals, §5.2.
 *
 * @returns null for an end at which the sample is too small for the confidence
 */
export const quantileRanks = (n: number, quantile: number): { low: number | null; high: number | null } => {
  if (n <= 0) return { low: null, high: null };
  // Of whole counts, the largest with a probability of at most 2.5 % up to it is one below the smallest that passes it.
  const low = binomialQuantile(0.025 + 1e-12, n, quantile);
  const high = binomialQuantile(0.975, n, quantile) + 1;
  return { low: low < 1 ? null : low, high: high > n ? null : high };
};
