import { describe, expect, it } from '@jest/globals';
import type { CancelRequest } from '../../../src/db/runs/inference-repository.ts';
import { createCancelWatch } from '../../../src/services/inferences/cancel-watch.ts';
import { createMemoryLogger } from '../support/memory-logger.ts';

const everyMs = 10;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const requestedAt = new Date('2026-01-02T03:04:05.000Z');

/** A watch over requests that the test sets, or over a database that is away. */
const setUp = () => {
  const looks: string[][] = [];
  const state = { requests: [] as CancelRequest[], isAway: false };
  const logger = createMemoryLogger();
  const watch = createCancelWatch({
    repository: {
      findCancelRequests: async (ids) => {
        looks.push([...ids]);
        if (state.isAway) throw new Error('away');
        return state.requests.filter(({ id }) => ids.includes(id));
      },
    },
    logger,
    everyMs,
  });
  const told: [string, Date][] = [];
  const add = (id: string) => watch.add(id, (at) => told.push([id, at]));
  return { looks, state, logger, add, told };
};

describe('the watch for runs that are to be stopped', () => {
  it('looks for all runs at once, and not at all while there are none', async () => {
    const { looks, add } = setUp();
    await pause(5 * everyMs);
    expect(looks).toEqual([]);
    const ends = Array.from({ length: 100 }, (_, index) => add(`run-${index}`));
    await pause(10 * everyMs);
    expect(looks.length).toBeGreaterThan(2);
    expect(looks.length).toBeLessThanOrEqual(10);
    expect(looks.every((ids) => ids.length === 100)).toBe(true);
    for (const end of ends) end();
    await pause(2 * everyMs);
    const count = looks.length;
    await pause(5 * everyMs);
    expect(looks).toHaveLength(count);
  });

  it('tells a run once, and others go on', async () => {
    const { looks, state, add, told } = setUp();
    add('one');
    const end = add('other');
    state.requests = [{ id: 'one', requestedAt }];
    await pause(8 * everyMs);
    expect(told).toEqual([['one', requestedAt]]);
    expect(looks.at(-1)).toEqual(['other']);
    end();
  });

  it('says once that it cannot see, and sees again when the database is back', async () => {
    const { state, logger, add, told } = setUp();
    state.isAway = true;
    add('one');
    await pause(8 * everyMs);
    expect(logger.lines).toHaveLength(1);
    expect(logger.lines[0]).toMatchObject({ level: 'warn' });
    state.isAway = false;
    state.requests = [{ id: 'one', requestedAt }];
    await pause(8 * everyMs);
    expect(told).toEqual([['one', requestedAt]]);
  });
});
