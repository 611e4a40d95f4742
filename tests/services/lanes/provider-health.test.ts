import { describe, expect, it } from '@jest/globals';
import { createProviderHealth } from '../../../src/services/lanes/provider-health.ts';

const setUp = () => {
  const health = createProviderHealth();
  let now = 1_000_000;
  const report = (kind: string | null, target = 't') => health.report({ provider: 'p', target, kind, now });
  return {
    report,
    reportMany: (count: number, kind: string | null, target?: string) =>
      Array.from({ length: count }, () => report(kind, target)).at(-1),
    pass: (ms: number) => {
      now += ms;
    },
    now: () => now,
    givenUp: (target = 't') => health.givenUp('p', target, now),
  };
};

describe('a provider that does not answer', () => {
  it('is left alone after ten failures in a row: 5 s, 10 s, 20 s, and never longer than 30 s', () => {
    const t = setUp();
    expect(t.reportMany(9, 'connection')).toBeNull();
    const waits: number[] = [];
    for (let block = 0; block < 6; block += 1) {
      const until = t.report('timeout') ?? 0;
      waits.push(until - t.now());
      // Calls that were under way come back with the same news.
      expect(t.reportMany(5, 'server_error')).toBeNull();
      t.pass(until - t.now());
    }
    expect(waits).toEqual([5000, 10_000, 20_000, 30_000, 30_000, 30_000]);
  });

  it('is well again with one answer, whatever sort of answer', () => {
    for (const answer of [null, 'invalid_request', 'content_filter']) {
      const t = setUp();
      t.reportMany(9, 'connection');
      t.report(answer);
      expect(t.reportMany(9, 'connection')).toBeNull();
      expect(t.report('connection')).not.toBeNull();
    }
  });

  it('is not made well by a refusal for haste', () => {
    const t = setUp();
    t.reportMany(9, 'connection');
    t.report('rate_limited');
    expect(t.report('connection')).not.toBeNull();
  });

  it('is given up after a quarter of an hour, and tried again after a minute without news', () => {
    const t = setUp();
    for (let minute = 0; minute < 14; minute += 1) {
      t.reportMany(3, 'connection');
      t.pass(60_000);
    }
    expect(t.givenUp()).toBeNull();
    t.pass(120_000);
    t.report('connection');
    expect(t.givenUp()).toBe('provider_down');
    t.pass(61_000);
    expect(t.givenUp()).toBeNull();
  });
});

describe('a target that is closed to us', () => {
  it.each(['authentication', 'permission', 'out_of_credit', 'model_not_found'])(
    'is given up after ten answers of %s in a row, and no other target with it',
    (kind) => {
      const t = setUp();
      t.reportMany(9, kind);
      expect(t.givenUp()).toBeNull();
      t.report(kind);
      expect(t.givenUp()).toBe(kind);
      expect(t.givenUp('other')).toBeNull();
      t.pass(61_000);
      expect(t.givenUp()).toBeNull();
    },
  );

  it('is not while other answers come between', () => {
    const t = setUp();
    for (let round = 0; round < 10; round += 1) {
      t.reportMany(9, 'permission');
      t.report(null);
    }
    expect(t.givenUp()).toBeNull();
  });
});
