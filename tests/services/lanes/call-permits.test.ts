import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createCallPermits } from '../../../src/services/lanes/call-permits.ts';

describe('permits for calls', () => {
  it('are never more than there are, whoever asks and gives back when', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.boolean(), { maxLength: 60 }),
        async (most, asks) => {
          const permits = createCallPermits(most);
          const held: (() => void)[] = [];
          const waiting: Promise<void>[] = [];
          for (const asking of asks) {
            if (asking) {
              const got = permits.acquire(60_000).then((giveBack) => {
                if (giveBack !== null) held.push(giveBack);
              });
              waiting.push(got);
            } else held.shift()?.();
            await Promise.resolve();
            expect(permits.taken).toBeLessThanOrEqual(most);
          }
          // Nobody waits while there is one.
          for (let left = waiting.length; left > 0; left -= 1) {
            await new Promise((resolve) => setImmediate(resolve));
            held.shift()?.();
          }
          await Promise.all(waiting);
          for (const giveBack of held.splice(0)) giveBack();
          expect(permits.taken).toBe(0);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('are given in order of asking', async () => {
    const permits = createCallPermits(1);
    const first = await permits.acquire(10);
    const order: number[] = [];
    const later = [1, 2, 3].map(async (place) => {
      const giveBack = await permits.acquire(1000);
      order.push(place);
      giveBack?.();
    });
    first?.();
    await Promise.all(later);
    expect(order).toEqual([1, 2, 3]);
  });

  it('are not waited for longer than asked, and one that comes later goes to the next', async () => {
    const permits = createCallPermits(1);
    const first = await permits.acquire(10);
    const second = permits.acquire(20);
    const third = permits.acquire(2000);
    expect(await second).toBeNull();
    first?.();
    expect(await third).not.toBeNull();
    expect(permits.taken).toBe(1);
  });
});
