import type { Estimate, Share } from '../../src/contract/study.ts';
import { formatDuration, unknown } from './format-values.ts';

const percent = (value: number): string => `${(value * 100).toFixed(1)} %`;

/** A share with its interval: `97.5 % (92.9 – 99.1)`. */
export const formatEstimatedShare = (share: Share | null): string =>
  share === null
    ? unknown
    : `${percent(share.value)} (${(share.low * 100).toFixed(1)} – ${(share.high * 100).toFixed(1)})`;

/** Milliseconds with their interval, where the sample is large enough for one. */
export const formatEstimatedMs = (estimate: Estimate | null | undefined): string => {
  if (estimate === null || estimate === undefined) return unknown;
  const { value, low, high } = estimate;
  const interval = low === null || high === null ? '' : ` (${formatDuration(low)} – ${formatDuration(high)})`;
  return `${formatDuration(value)}${interval}`;
};

/** With its sign: a difference is read by it. */
export const formatSigned = (value: number, format: (size: number) => string): string =>
  `${value > 0 ? '+' : value < 0 ? '−' : '±'}${format(Math.abs(value))}`;

export const formatPoints = (value: number): string =>
  formatSigned(value, (size) => `${(size * 100).toFixed(1)} points`);
