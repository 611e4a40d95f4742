import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openSchedules } from '../support/set-up-schedules.ts';

let database: Awaited<ReturnType<typeof openSchedules>>;
let host: ReturnType<typeof database.start>;
beforeAll(async () => {
  database = await openSchedules();
});
afterAll(() => database.close());
beforeEach(() => {
  host = database.start();
});

describe('after a stop, a schedule that catches up on', () => {
  it.each([
    ['none', 'leaves out what is late', ['12:05 skipped (missed)', '12:10 skipped (missed)']],
    ['latest', 'starts the newest one', ['12:05 skipped (missed)', '12:10 late']],
    ['all', 'starts each', ['12:05 late', '12:10 late']],
  ])('%s %s', async (catchUp, _, expected) => {
    await host.using({ catchUp, overlap: 'allow' }, async (id) => {
      expect(await host.fireAt(12)).toBe(2);
      expect(await host.ledger(id)).toEqual(expected);
      expect(await host.fireAt(15)).toBe(1);
      expect(await host.ledger(id)).toEqual([...expected, '12:15 started']);
    });
  });

  it.each(['none', 'latest', 'all'])('%s fires what is in its minute', async (catchUp) => {
    await host.using({ catchUp, overlap: 'allow' }, async (id) => {
      expect(await host.fireAt(10, 59)).toBe(2);
      const first = catchUp === 'all' ? '12:05 late' : '12:05 skipped (missed)';
      expect(await host.ledger(id)).toEqual([first, '12:10 started']);
    });
  });

  it.each(['none', 'latest'])('%s passes over a week of minutes in one row', async (catchUp) => {
    await host.using({ cron: '* * * * *', catchUp }, async (id) => {
      expect(await host.fireAt(10_000)).toBe(2);
      expect(await host.ledger(id)).toEqual([
        '12:01 skipped (missed: more than 2000 firings up to 2026-06-08T10:39:00.000Z)',
        '10:40 started',
      ]);
    });
  });

  it('latest tells how many it passed over', async () => {
    await host.using({ cron: '* * * * *' }, async (id) => {
      expect(await host.fireAt(21, 30)).toBe(21);
      expect(await host.fireAt(60, 30)).toBe(2);
      const lines = await host.ledger(id);
      expect(lines.slice(0, 20)).toEqual(
        Array.from({ length: 20 }, (_, index) => `12:${String(index + 1).padStart(2, '0')} skipped (missed)`),
      );
      expect(lines.slice(20)).toEqual([
        '12:21 started',
        '12:22 skipped (missed: 38 firings up to 2026-06-01T12:59:00.000Z)',
        '13:00 skipped (overlap)',
      ]);
    });
  });

  it('all takes no more than 50 in a tick', async () => {
    await host.using({ cron: '* * * * *', catchUp: 'all', overlap: 'allow' }, async (id) => {
      expect(await host.fireAt(60)).toBe(50);
      expect(await host.fireAt(60, 1)).toBe(10);
      expect(await host.ledger(id)).toHaveLength(60);
      expect((await host.ledger(id)).at(-1)).toBe('13:00 started');
      expect(new Set(host.conducted).size).toBe(60);
    });
  });
});

describe('while its last batch is not finished, a schedule', () => {
  it('skips', async () => {
    await host.using({ overlap: 'skip' }, async (id) => {
      await host.fireAt(5);
      await host.fireAt(10);
      await host.finishAll(id);
      await host.fireAt(15);
      expect(await host.ledger(id)).toEqual(['12:05 started', '12:10 skipped (overlap)', '12:15 started']);
    });
  });

  it('allows it', async () => {
    await host.using({ overlap: 'allow' }, async (id) => {
      await host.fireAt(5);
      await host.fireAt(10);
      expect(await host.ledger(id)).toEqual(['12:05 started', '12:10 started']);
    });
  });

  it('queues, and starts in order what waited', async () => {
    await host.using({ overlap: 'queue' }, async (id) => {
      for (const minutes of [5, 10, 15]) await host.fireAt(minutes);
      expect(await host.fireAt(16)).toBe(0);
      expect(await host.ledger(id)).toEqual(['12:05 started', '12:10 queued', '12:15 queued']);
      await host.finishAll(id);
      expect(await host.fireAt(20)).toBe(2);
      expect(await host.ledger(id)).toEqual(['12:05 started', '12:10 late', '12:15 queued', '12:20 queued']);
      expect(host.conducted).toHaveLength(2);
    });
  });

  it.each([
    ['skip', ['12:05 late', '12:10 skipped (overlap)', '12:15 skipped (overlap)']],
    ['queue', ['12:05 late', '12:10 queued', '12:15 queued']],
  ])('does so (%s) with each firing that it catches up on', async (overlap, expected) => {
    await host.using({ overlap, catchUp: 'all' }, async (id) => {
      expect(await host.fireAt(17)).toBe(3);
      expect(await host.ledger(id)).toEqual(expected);
    });
  });
});
