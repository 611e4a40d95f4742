import { binomialCdf, binomialProbability } from './binomial.ts';

/**
 * Two-sided mid-p value of McNemar's test: of the items on which two variants disagree, `b` speak for one and `c` for the other.
 *
 *   p = 2·P(B ≤ min(b, c)) − P(B = min(b, c)),  B ~ binomial(b + c, ½)
 *
 * Source: Fagerland, Lydersen, Laake, BMC Med. Res. Methodol. 13 (2013) 91.
 *
 * @returns 1 where nothing disagrees
 */
export const mcnemarMidP = (b: number, c: number): number => {
  if (b === c) return 1;
  const [less, n] = [Math.min(b, c), b + c];
  return Math.min(1, 2 * binomialCdf(less, n, 0.5) - binomialProbability(less, n, 0.5));
};
