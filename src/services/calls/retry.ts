import type { ProviderError } from '../../errors.ts';

/** First and largest upper bound of a wait that the provider didn't ask for, in ms. */
const firstBackoffMs = 500;
const largestBackoffMs = 20_000;
/** A further attempt is worth its while only with this much of the deadline left for the call itself, in ms. */
const leastCallMs = 100;
/** Spreads callers whom a provider told the same moment: up to a tenth of the wait, at most this, in ms. */
const largestSpreadMs = 1000;

export type RetryState = {
  error: ProviderError;
  /** Attempts made so far, this one included. */
  attemptNumber: number;
  maxAttempts: number;
  /** What the caller's deadline leaves, in ms. */
  remainingMs: number;
  /** Uniform in [0, 1). */
  random: () => number;
};

export type RetryDecision = { retry: true; waitMs: number } | { retry: false; reason: GiveUpReason };
export type GiveUpReason = 'not_retryable' | 'attempts_used' | 'deadline';

/**
 * Whether a failed attempt is followed by another, and after which wait.
 *
 * - What the provider calls non-retryable is never retried, and neither is a timeout: the first call may still be
 *   running and billed, and a second one would ask and pay twice.
 * - The provider's own wish (`Retry-After`) is obeyed in full, also above a minute. When it doesn't fit into the
 *   deadline, the answer comes at once: waiting in vain helps nobody.
 * - Otherwise exponential backoff with full jitter: uniform in [0, min(20 s, 500 ms · 2^(n-1))], kept within the deadline.
 *   (Source: "Exponential Backoff And Jitter", AWS Architecture Blog.)
 */
export const decideRetry = (state: RetryState): RetryDecision => {
  const { error, attemptNumber, maxAttempts, remainingMs, random } = state;
  if (!error.retryable || error.kind === 'timeout' || error.kind === 'cancelled') {
    return { retry: false, reason: 'not_retryable' };
  }
  if (attemptNumber >= maxAttempts) return { retry: false, reason: 'attempts_used' };
  const roomMs = remainingMs - leastCallMs;
  if (error.retryAfterMs !== null && error.retryAfterMs > 0) {
    if (error.retryAfterMs > roomMs) return { retry: false, reason: 'deadline' };
    const spreadMs = Math.min(largestSpreadMs, error.retryAfterMs / 10, roomMs - error.retryAfterMs);
    return { retry: true, waitMs: Math.ceil(error.retryAfterMs + random() * spreadMs) };
  }
  if (roomMs <= 0) return { retry: false, reason: 'deadline' };
  return { retry: true, waitMs: backoffMs(attemptNumber, random, roomMs) };
};

/** Uniform in [0, min(20 s, 500 ms · 2^(n-1), `mostMs`)]. */
export const backoffMs = (
  attemptNumber: number,
  random: () => number,
  mostMs = Number.POSITIVE_INFINITY,
): number =>
  Math.floor(random() * Math.min(largestBackoffMs, firstBackoffMs * 2 ** (attemptNumber - 1), mostMs));
