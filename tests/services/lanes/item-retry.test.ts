import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Outcome } from '../../../src/contract/inference.ts';
import { decideItemRetry, type ItemRetryState } from '../../../src/services/lanes/decide-item-retry.ts';
import { exampleAttemptSettlement } from '../../support/example-rows.ts';

const settledAt = new Date('2026-06-01T12:00:00Z');

const decide = (
  outcome: Outcome,
  code: string | null,
  {
    retryable = true,
    retryAfterMs = null as number | null,
    ...state
  }: Partial<ItemRetryState> & {
    retryable?: boolean;
    retryAfterMs?: number | null;
  } = {},
): number | null => {
  const at = decideItemRetry({
    settlement: {
      outcome,
      error: code === null ? null : { code, message: 'no', retryable },
      lastAttempt: exampleAttemptSettlement('a', { retryAfterMs }),
      settledAt,
    },
    attempts: 1,
    maxAttempts: 5,
    onUnknown: 'resend',
    random: () => 0.5,
    ...state,
  });
  return at === null ? null : at.getTime() - settledAt.getTime();
};

describe('an item is asked again', () => {
  it('after what may pass, by backoff', () => {
    expect(decide('provider_error', 'server_error')).toBe(250);
    expect(decide('provider_error', 'server_error', { attempts: 3 })).toBe(1000);
    expect(decide('truncated', 'stream_cut')).toBe(250);
  });

  it('no earlier than the provider wishes, for any wish and luck', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 600_000, noNaN: true }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 1, max: 4 }),
        (retryAfterMs, luck, attempts) => {
          const state = { retryAfterMs, attempts, random: () => luck };
          const waitMs = decide('provider_error', 'rate_limited', state) ?? -1;
          expect(waitMs).toBeGreaterThanOrEqual(retryAfterMs);
          expect(waitMs).toBeLessThanOrEqual(Math.ceil(retryAfterMs) + 20_000);
        },
      ),
    );
  });

  it('as often as the batch says, and after refusals for haste far more often', () => {
    expect(decide('provider_error', 'server_error', { attempts: 4 })).not.toBeNull();
    expect(decide('provider_error', 'server_error', { attempts: 5 })).toBeNull();
    expect(decide('provider_error', 'rate_limited', { attempts: 49 })).not.toBeNull();
    expect(decide('provider_error', 'overloaded', { attempts: 50 })).toBeNull();
  });

  it('when nobody knows what became of it, only where the batch says so', () => {
    expect(decide('unknown_outcome', 'connection')).not.toBeNull();
    expect(decide('unknown_outcome', 'connection', { retryable: false })).not.toBeNull();
    expect(decide('unknown_outcome', 'connection', { onUnknown: 'missing' })).toBeNull();
  });
});

describe('an item ends', () => {
  it.each<[string, Outcome, string | null, boolean]>([
    ['an answer', 'ok', null, true],
    ['a filtered answer', 'content_filtered', null, true],
    ['a time-out, which may still be running and billed', 'timeout', 'timeout', true],
    ['being cancelled', 'cancelled', 'cancelled', true],
    ['a refusal that stays one', 'provider_error', 'invalid_request', false],
  ])('with %s', (_, outcome, code, retryable) => {
    expect(decide(outcome, code, { retryable })).toBeNull();
  });
});
