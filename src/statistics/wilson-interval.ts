import { type Interval, z95 } from './interval.ts';

/**
 * Score interval of a share, 95 %:
 *
 *   (p + z²/2n ± z·√(p(1 − p)/n + z²/4n²)) / (1 + z²/n)
 *
 * Stays inside [0, 1], and is honest for small n and shares of 0 and 1, where the normal interval has no width.
 * Source: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209–212; Brown, Cai, DasGupta, Stat. Sci. 16 (2001) 101–133.
 *
 * @returns null without a trial
 */
export const wilsonInterval = (successes: number, trials: number): Interval | null => {
  if (trials <= 0) return null;
  const share = successes / trials;
  const z2 = z95 * z95;
  const middle = share + z2 / (2 * trials);
  const half = z95 * Math.sqrt((share * (1 - share)) / trials + z2 / (4 * trials * trials));
  const scale = 1 + z2 / trials;
  return {
    low: successes === 0 ? 0 : Math.max(0, (middle - half) / scale),
    high: successes === trials ? 1 : Math.min(1, (middle + half) / scale),
  };
};
