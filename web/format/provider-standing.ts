import type { ProviderCondition } from '../../src/contract/provider-info.ts';
import { formatClock } from './format-times.ts';
import { formatShare } from './format-values.ts';

export type Standing = { tone: 'good' | 'warn' | 'bad' | 'quiet'; word: string };

/** Shares of calls of the last hour that failed, from which on it is worth a colour. */
const unsteadyFrom = 0.1;
const failingFrom = 0.5;

/** How a provider fares in a word; what holds calls back comes first. */
export const standingOf = ({ blockedUntil, paceShare, errorRate }: ProviderCondition): Standing => {
  if (blockedUntil !== null) return { tone: 'bad', word: `left alone until ${formatClock(blockedUntil)}` };
  if (paceShare < 1) return { tone: 'warn', word: `slowed to ${formatShare(paceShare, 1)}` };
  if (errorRate === null) return { tone: 'quiet', word: 'not asked lately' };
  if (errorRate.value >= failingFrom) return { tone: 'bad', word: 'failing' };
  if (errorRate.value >= unsteadyFrom) return { tone: 'warn', word: 'unsteady' };
  return { tone: 'good', word: 'answers' };
};
