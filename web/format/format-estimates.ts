import type { Estimate } from '../../src/contract/study.ts';
import { formatDuration } from './format-values.ts';

export const formatPercent = (value: number): string => `${(value * 100).toFixed(1)} %`;

/** Milliseconds, to the hundredth of a second: an interval may be as narrow. */
export const formatMs = (ms: number): string => formatDuration(ms, 2);

/** The interval of a value; null: the sample is too small for one. */
export const formatInterval = (
  estimate: Estimate | null | undefined,
  format: (value: number) => string,
): string | null => {
  if (estimate === null || estimate === undefined) return null;
  const { low, high } = estimate;
  return low === null || high === null ? null : `${format(low)} to ${format(high)}`;
};

/** With its sign: a difference is read by it. */
export const formatSigned = (value: number, format: (size: number) => string): string =>
  `${value > 0 ? '+' : value < 0 ? '−' : '±'}${format(Math.abs(value))}`;

export const formatPoints = (value: number): string =>
  formatSigned(value, (size) => `${(size * 100).toFixed(1)} points`);
