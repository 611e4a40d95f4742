import type { OnUnknown } from '../../contract/batch.ts';
import type { RunSettlement } from '../../db/runs/inference-repository.ts';
import { backoffMs } from '../calls/retry.ts';

/** Refusals for haste are asked again so often, whatever the batch's own limit: the pace is reduced meanwhile. */
const mostHastyAttempts = 50;

export type ItemRetryState = {
  settlement: Pick<RunSettlement, 'outcome' | 'error' | 'lastAttempt' | 'settledAt'>;
  /** How often the item has been asked, this time included. */
  attempts: number;
  maxAttempts: number;
  onUnknown: OnUnknown;
  /** Uniform in [0, 1). */
  random: () => number;
};

/**
 * When an item of a batch is asked again after its run has ended; null: it ends with this run. Each run of a batch is one call, so
 * that each has its own reservation and stands in the record with its own outcome.
 *
 * A time-out is not asked again: the first call may still be running and billed. What nobody knows is, where the batch says so.
 */
export const decideItemRetry = (state: ItemRetryState): Date | null => {
  const { settlement, attempts, maxAttempts, onUnknown, random } = state;
  const { error, outcome, lastAttempt, settledAt } = settlement;
  if (error === null || outcome === 'timeout' || outcome === 'cancelled') return null;
  const isHaste = error.code === 'rate_limited' || error.code === 'overloaded';
  if (attempts >= (isHaste ? Math.max(maxAttempts, mostHastyAttempts) : maxAttempts)) return null;
  if (outcome === 'unknown_outcome' ? onUnknown !== 'resend' : !error.retryable) return null;
  const wishMs = lastAttempt.retryAfterMs ?? 0;
  return new Date(settledAt.getTime() + Math.ceil(wishMs) + backoffMs(attempts, random));
};
