import { randomUUIDv7 } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RateRequest, RateResult } from '../../src/db/limits/limits-repository.ts';
import { createSeededRandom } from '../../src/providers/seeded-random.ts';
import { at, type OpenBatches, openBatches, startOfTest } from '../support/open-batches.ts';

let open: OpenBatches;
beforeAll(async () => {
  open = await openBatches();
});
afterAll(() => open.close());

const ask = (overrides: Partial<RateRequest>): RateRequest => ({
  provider: `p-${randomUUIDv7()}`,
  requestsPerMinute: null,
  tokensPerMinute: null,
  calls: [0],
  maxWaitMs: 5000,
  now: at(0),
  ...overrides,
});

const sent = (results: readonly RateResult[]): number[] =>
  results.flatMap((result) => ('sendAt' in result ? [result.sendAt.getTime() - startOfTest] : []));

/** Most of the moments, in ms, that lie in a window of a minute. */
const mostInAMinute = (moments: readonly number[]): number => {
  const sorted = [...moments].sort((a, b) => a - b);
  let start = 0;
  return sorted.reduce((most, moment, end) => {
    while (moment - (sorted[start] ?? 0) >= 60_000) start += 1;
    return Math.max(most, end - start + 1);
  }, 0);
};

describe('a limit of requests', () => {
  it('spaces calls evenly after a small burst', async () => {
    const request = ask({ requestsPerMinute: 120, calls: [0, 0, 0, 0] });
    expect(sent(await open.batches.takeRate(request))).toEqual([0, 500, 1000, 1500]);
    expect(sent(await open.batches.takeRate({ ...request, calls: [0], now: at(0.1) }))).toEqual([2000]);
    expect(sent(await open.batches.takeRate({ ...request, calls: [0, 0], now: at(60) }))).toEqual([
      60_000, 60_500,
    ]);
  });

  it('books no further ahead than the caller wants to wait, and says when to ask again', async () => {
    const request = ask({ requestsPerMinute: 60, calls: Array(10).fill(0), maxWaitMs: 2000 });
    const results = await open.batches.takeRate(request);
    expect(sent(results)).toEqual([0, 1000, 2000]);
    expect(results[3]).toEqual({ retryAt: at(3) });
    // What was refused was not booked.
    expect(sent(await open.batches.takeRate({ ...request, now: at(3) }))).toEqual([3000, 4000, 5000]);
  });

  it.each([1, 2, 3])(
    'of 600 a minute is never exceeded by more than 2 %% in any minute, by two processes (seed %d)',
    async (seed) => {
      const random = createSeededRandom(seed);
      const [first, second] = [open.batches, open.openAnother()];
      const request = ask({ requestsPerMinute: 600 });
      const moments: number[] = [];
      // Three minutes of simulated time: two processes ask at their own pace, with pauses that save up a burst.
      for (let now = startOfTest; now < startOfTest + 180_000; now += random() * 1000) {
        const calls = Array(1 + Math.floor(random() * 16)).fill(10);
        const asked = { ...request, now: new Date(now), maxWaitMs: random() * 5000 };
        const results = await Promise.all([
          first.takeRate({ ...asked, calls }),
          second.takeRate({ ...asked, calls: calls.slice(1) }),
        ]);
        moments.push(...results.flatMap(sent));
        if (random() < 0.02) now += 20_000 * random();
      }
      expect(moments.length).toBeGreaterThan(900);
      expect(mostInAMinute(moments)).toBeGreaterThan(450);
      expect(mostInAMinute(moments)).toBeLessThanOrEqual(612);
    },
    60_000,
  );

  it('lets a provider without limits be asked at once', async () => {
    expect(sent(await open.batches.takeRate(ask({ calls: Array(50).fill(100_000) })))).toEqual(
      Array(50).fill(0),
    );
    expect(await open.batches.takeRate(ask({ calls: [] }))).toEqual([]);
  });
});

describe('a limit of tokens', () => {
  it('makes calls wait for those before them, by what these may come to', async () => {
    const request = ask({ tokensPerMinute: 60_000, calls: [1000, 3000, 500, 500] });
    expect(sent(await open.batches.takeRate(request))).toEqual([0, 500, 3500, 4000]);
  });

  it('holds together with a limit of requests, without saving up calls for a burst', async () => {
    const request = ask({
      requestsPerMinute: 600,
      tokensPerMinute: 60_000,
      calls: [30_000, ...Array(400).fill(1)],
      maxWaitMs: 100_000,
    });
    const moments = sent(await open.batches.takeRate(request));
    expect(moments[1]).toBe(29_500);
    expect(mostInAMinute(moments.slice(1))).toBeLessThanOrEqual(612);
    expect((moments.at(-1) ?? 0) - (moments[1] ?? 0)).toBeGreaterThan(38_000);
  });
});

describe('a provider that refuses a call as one too many', () => {
  const slow = (provider: string, now: Date, blockedUntil: Date | null = null) =>
    open.batches.slowProvider({ provider, now, blockedUntil, slowDown: true });

  it('is asked half as fast, once for calls that fail together, and faster again with time', async () => {
    const request = ask({ requestsPerMinute: 60, calls: [0, 0], maxWaitMs: 60_000 });
    await Promise.all([1, 2, 3].map(() => slow(request.provider, at(0))));
    const paceAt = async (seconds: number) => {
      const [one = 0, two = 0] = sent(await open.batches.takeRate({ ...request, now: at(seconds) }));
      return two - one;
    };
    expect(await paceAt(0)).toBe(2000);
    expect(await paceAt(30)).toBeCloseTo(60_000 / (60 * 0.75), 0);
    expect(await paceAt(300)).toBe(1000);
    await slow(request.provider, at(400));
    await slow(request.provider, at(402));
    expect(await paceAt(402)).toBeGreaterThan(3500);
  });

  it('is not asked before the time that it named, and then at its pace', async () => {
    const request = ask({ requestsPerMinute: 60, calls: [0, 0], maxWaitMs: 30_000 });
    await slow(request.provider, at(0), at(20));
    // A shorter wait that another call came back with does not open it earlier.
    await slow(request.provider, at(0.5), at(5));
    const paceAt = async (seconds: number) =>
      (await open.batches.providerPaces(at(seconds))).find(({ provider }) => provider === request.provider);
    expect(await paceAt(2)).toMatchObject({
      blockedUntil: at(20).toISOString(),
      paceShare: expect.closeTo(0.5166),
    });
    expect(await paceAt(200)).toMatchObject({ blockedUntil: null, paceShare: 1 });
    expect(sent(await open.batches.takeRate({ ...request, maxWaitMs: 10_000 }))).toEqual([]);
    const [one, two] = sent(await open.batches.takeRate({ ...request, now: at(1) }));
    expect(one).toBe(20_000);
    expect(two).toBeGreaterThan(21_500);
  });
});

describe('slots for calls at once', () => {
  const hold = (
    provider: string,
    holder: string,
    wanted: number,
    seconds: number,
    repository = open.batches,
  ) =>
    repository.holdSlots({
      provider,
      holder,
      wanted,
      max: 10,
      now: at(seconds),
      expiresAt: at(seconds + 30),
    });

  it('are shared evenly once all have renewed, and fall back when a worker is gone', async () => {
    const provider = `p-${randomUUIDv7()}`;
    const [a, b] = [randomUUIDv7(), randomUUIDv7()];
    expect(await hold(provider, a, 16, 0)).toBe(10);
    expect(await hold(provider, b, 16, 1)).toBe(0);
    expect(await hold(provider, a, 16, 10)).toBe(5);
    expect(await hold(provider, b, 16, 11)).toBe(5);
    await open.batches.releaseSlots(provider, a);
    expect(await hold(provider, b, 3, 20)).toBe(3);
    expect(await hold(provider, a, 16, 49)).toBe(7);
    expect(await hold(provider, a, 16, 50)).toBe(10);
  });

  it('are never more than there are, with many workers at once', async () => {
    const provider = `p-${randomUUIDv7()}`;
    const repositories = [open.batches, open.openAnother()];
    const holders = Array.from({ length: 7 }, () => randomUUIDv7());
    const random = createSeededRandom(5);
    const held = new Map<string, number>();
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(
        holders.map(async (holder, index) => {
          const wanted = Math.floor(random() * 8);
          // What it had counts until it knows better.
          const slots = await hold(provider, holder, wanted, round, repositories[index % 2]);
          held.set(holder, slots);
        }),
      );
      expect([...held.values()].reduce((sum, slots) => sum + slots, 0)).toBeLessThanOrEqual(10);
    }
  });

  it('are fewer for a provider that was slowed down, but never none', async () => {
    const provider = `p-${randomUUIDv7()}`;
    for (const seconds of [0, 2, 4, 6, 8]) {
      await open.batches.slowProvider({ provider, now: at(seconds), blockedUntil: null, slowDown: true });
    }
    expect(await hold(provider, randomUUIDv7(), 10, 8)).toBe(1);
  });
});
