import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ProviderError, type ProviderErrorKind } from '../../../src/errors.ts';
import { decideRetry } from '../../../src/services/calls/retry.ts';

const failure = (
  options: { kind?: ProviderErrorKind; retryable?: boolean; retryAfterMs?: number | null } = {},
) =>
  new ProviderError(options.kind ?? 'overloaded', 'failed', {
    provider: 'p',
    retryable: options.retryable ?? true,
    retryAfterMs: options.retryAfterMs ?? null,
  });
const state = {
  error: failure(),
  attemptNumber: 1,
  maxAttempts: 3,
  remainingMs: 120_000,
  random: () => 0.5,
};

describe('decideRetry', () => {
  it('backs off exponentially with full jitter, up to 20 s', () => {
    const waits = [1, 2, 3, 6, 7, 30].map((attemptNumber) =>
      decideRetry({ ...state, attemptNumber, maxAttempts: 99, random: () => 0.5 }),
    );
    expect(waits).toEqual([250, 500, 1000, 8000, 10_000, 10_000].map((waitMs) => ({ retry: true, waitMs })));
    expect(decideRetry({ ...state, random: () => 0 })).toEqual({ retry: true, waitMs: 0 });
  });

  it('obeys the provider above a minute when it fits, and never comes back early', () => {
    const error = failure({ kind: 'rate_limited', retryAfterMs: 90_000 });
    expect(decideRetry({ ...state, error, random: () => 0 })).toEqual({ retry: true, waitMs: 90_000 });
    expect(decideRetry({ ...state, error, random: () => 0.5 })).toEqual({ retry: true, waitMs: 90_500 });
  });

  it('gives up at once when the wait does not fit into the deadline', () => {
    const error = failure({ kind: 'rate_limited', retryAfterMs: 90_000 });
    expect(decideRetry({ ...state, error, remainingMs: 90_050 })).toEqual({
      retry: false,
      reason: 'deadline',
    });
    expect(decideRetry({ ...state, remainingMs: 80 })).toEqual({ retry: false, reason: 'deadline' });
  });

  it('takes a wish of 0 as none', () => {
    expect(decideRetry({ ...state, error: failure({ retryAfterMs: 0 }) })).toEqual({
      retry: true,
      waitMs: 250,
    });
  });

  it.each<[ProviderErrorKind, boolean]>([
    ['authentication', false],
    ['content_filter', false],
    ['timeout', true],
    ['cancelled', true],
  ])('never retries %s (retryable: %p)', (kind, retryable) => {
    const error = failure({ kind, retryable, retryAfterMs: 10 });
    expect(decideRetry({ ...state, error })).toEqual({ retry: false, reason: 'not_retryable' });
  });

  it('ends with the attempts', () => {
    expect(decideRetry({ ...state, attemptNumber: 3 })).toEqual({ retry: false, reason: 'attempts_used' });
  });

  it('always leaves time for the call itself, and never undercuts the wish', () => {
    const numbers = fc.record({
      attemptNumber: fc.integer({ min: 1, max: 9 }),
      remainingMs: fc.integer({ min: -1000, max: 500_000 }),
      retryAfterMs: fc.option(fc.integer({ min: 0, max: 500_000 })),
      luck: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
    });
    fc.assert(
      fc.property(numbers, ({ attemptNumber, remainingMs, retryAfterMs, luck }) => {
        const error = failure({ retryAfterMs });
        const decision = decideRetry({
          error,
          attemptNumber,
          maxAttempts: 10,
          remainingMs,
          random: () => luck,
        });
        if (!decision.retry) return;
        expect(decision.waitMs).toBeGreaterThanOrEqual(retryAfterMs ?? 0);
        expect(decision.waitMs + 100).toBeLessThanOrEqual(remainingMs);
      }),
    );
  });
});
