import { describe, expect, it } from '@jest/globals';
import { createWaker } from '../../../src/services/lanes/waker.ts';

const elapsed = async (work: Promise<void>): Promise<number> => {
  const startedAt = performance.now();
  await work;
  return performance.now() - startedAt;
};

describe('a loop that pauses', () => {
  it('goes on after the time, when nothing happens', async () => {
    expect(await elapsed(createWaker().pause(40))).toBeGreaterThanOrEqual(35);
  });

  it('goes on at once when something happens', async () => {
    const waker = createWaker();
    setTimeout(() => waker.wake(), 10);
    expect(await elapsed(waker.pause(5000))).toBeLessThan(1000);
  });

  it('misses nothing that happened while it was busy, and takes it once', async () => {
    const waker = createWaker();
    waker.wake();
    waker.wake();
    expect(await elapsed(waker.pause(5000))).toBeLessThan(1000);
    expect(await elapsed(waker.pause(40))).toBeGreaterThanOrEqual(35);
  });

  it('does not pause for a time that is over', async () => {
    expect(await elapsed(createWaker().pause(-5))).toBeLessThan(30);
  });
});
