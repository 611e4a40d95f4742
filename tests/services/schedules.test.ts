import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { at, type OpenBatches, openBatches } from '../support/open-batches.ts';
import { setUpSchedules } from './support/set-up-schedules.ts';

const keyId = '0198c0de-0000-7000-8000-000000000001';
let open: OpenBatches;
let clock: { now: number };
let host: ReturnType<typeof setUpSchedules>;

/** Noon, plus minutes. */
const minute = (minutes: number, seconds = 0) => at(minutes * 60 + seconds).getTime();
const fireAt = async (minutes: number, seconds = 0) => {
  clock.now = minute(minutes, seconds);
  return host.service.fireDue();
};
const finishAll = async (id: string) => {
  for (const { batchId } of await host.service.listFirings(id, 200)) {
    if (batchId !== null) await open.batches.cancelBatch(batchId, new Date(clock.now));
  }
};

beforeAll(async () => {
  open = await openBatches();
});
afterAll(() => open.close());
beforeEach(() => {
  clock = { now: minute(0) };
  host = setUpSchedules(open.batches, clock);
});

/** Each test leaves nothing that would be due in the next one. */
const using = async (
  overrides: Record<string, unknown>,
  work: (id: string) => Promise<void>,
  apiKeyId: string | null = null,
) => {
  const { id } = await host.create(overrides, apiKeyId);
  try {
    await work(id);
  } finally {
    await host.service.delete(id);
  }
};

describe('a schedule that is due', () => {
  it('starts a batch that says where it comes from, and conducts it', async () => {
    const batch = {
      targets: [{ provider: 'echo', model: 'echo-1' }],
      items: [{ itemKey: 'a', prompt: 'Why?' }],
      metadata: { study: 'lighthouses' },
    };
    await using(
      { batch },
      async (id) => {
        expect(await fireAt(4, 59)).toBe(0);
        expect(await fireAt(5, 1)).toBe(1);
        expect(await host.service.get(id)).toMatchObject({ nextFireAt: at(600).toISOString() });
        expect(await fireAt(5, 30)).toBe(0);
        const [firing] = await host.service.listFirings(id, 10);
        expect(firing).toMatchObject({ status: 'started', detail: null, decidedAt: at(301).toISOString() });
        expect(host.conducted).toEqual([firing?.batchId]);
        expect(await open.batches.findBatch(firing?.batchId ?? '')).toMatchObject({
          name: 'every five minutes',
          apiKeyId: keyId,
          planned: 1,
          metadata: { study: 'lighthouses', scheduleId: id, fireTime: at(300).toISOString() },
        });
      },
      keyId,
    );
  });

  it('leaves labels out that a batch has no room for', async () => {
    const metadata = Object.fromEntries(Array.from({ length: 49 }, (_, index) => [`label${index}`, index]));
    const targets = [{ provider: 'echo', model: 'echo-1' }];
    await using({ batch: { targets, items: [{ itemKey: 'a', prompt: 'Why?' }], metadata } }, async (id) => {
      await fireAt(5);
      const [firing] = await host.service.listFirings(id, 1);
      expect(await open.batches.findBatch(firing?.batchId ?? '')).toMatchObject({ metadata });
    });
  });

  it('is started by the tick where Durable does not answer', async () => {
    await using({}, async (id) => {
      host.state.conductorFails = true;
      expect(await fireAt(5)).toBe(1);
      expect(await host.ledger(id)).toEqual(['12:05 started']);
      expect(await open.batches.hasRunningBatch(id)).toBe(true);
      expect(host.logger.lines).toMatchObject([
        { level: 'warn', message: 'batch of a schedule not started yet' },
      ]);
    });
  });

  it('fires once, whichever of two processes comes first', async () => {
    const other = setUpSchedules(open.openAnother(), clock);
    await using({}, async (id) => {
      clock.now = minute(5);
      const decided = await Promise.all([host, other, host, other].map(({ service }) => service.fireDue()));
      expect(decided.reduce((sum, count) => sum + count)).toBe(1);
      expect(await host.ledger(id)).toEqual(['12:05 started']);
      expect([...host.conducted, ...other.conducted]).toHaveLength(1);
    });
    clock.now = minute(0);
    await using({ catchUp: 'all', overlap: 'queue' }, async (id) => {
      clock.now = minute(31);
      await Promise.all([host, other, host, other].map(({ service }) => service.fireDue()));
      expect(await host.ledger(id)).toEqual([
        '12:05 late',
        ...['12:10', '12:15', '12:20', '12:25', '12:30'].map((time) => `${time} queued`),
      ]);
    });
  });

  it('does not fire while it is switched off, and does not catch up on that', async () => {
    await using({ catchUp: 'all' }, async (id) => {
      await host.service.update(id, { enabled: false });
      expect(await fireAt(12)).toBe(0);
      expect(await host.service.update(id, { enabled: true })).toMatchObject({
        nextFireAt: at(900).toISOString(),
      });
      expect(await fireAt(12, 30)).toBe(0);
      expect(await fireAt(15)).toBe(1);
      expect(await host.ledger(id)).toEqual(['12:15 started']);
    });
  });

  it('does not fire once it is deleted', async () => {
    const { id } = await host.create();
    await host.service.delete(id);
    expect(await fireAt(30)).toBe(0);
    await expect(host.service.listFirings(id, 1)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a schedule whose batch is not possible any more', () => {
  it('says so in its ledger, and goes on', async () => {
    await using({}, async (id) => {
      host.gone.add('echo');
      expect(await fireAt(5)).toBe(1);
      host.gone.clear();
      expect(await fireAt(10)).toBe(1);
      expect(await host.ledger(id)).toEqual(['12:05 skipped (invalid: invalid_request)', '12:10 started']);
      expect(host.logger.lines).toMatchObject([{ message: 'batch of a schedule refused', scheduleId: id }]);
    });
  });

  it('while a firing waits, likewise', async () => {
    await using({ overlap: 'queue' }, async (id) => {
      await fireAt(5);
      await fireAt(10);
      await finishAll(id);
      host.gone.add('echo');
      expect(await fireAt(11)).toBe(1);
      expect(await host.ledger(id)).toEqual(['12:05 started', '12:10 skipped (invalid: invalid_request)']);
    });
  });

  it('does not keep the others from firing', async () => {
    const bad = await host.create();
    await open.batches.updateSchedule(bad.id, { timeZone: 'Europe/Nowhere', updatedAt: at(0) });
    await using({}, async (id) => {
      expect(await fireAt(5)).toBe(1);
      expect(await host.ledger(id)).toEqual(['12:05 started']);
      expect(host.logger.lines).toMatchObject([{ message: 'schedule not fired', scheduleId: bad.id }]);
    });
    await host.service.delete(bad.id);
  });
});

describe('after a stop, a schedule that catches up on', () => {
  it.each([
    ['none', 'leaves out what is late', ['12:05 skipped (missed)', '12:10 skipped (missed)']],
    ['latest', 'starts the newest one', ['12:05 skipped (missed)', '12:10 late']],
    ['all', 'starts each', ['12:05 late', '12:10 late']],
  ])('%s %s', async (catchUp, _, expected) => {
    await using({ catchUp, overlap: 'allow' }, async (id) => {
      expect(await fireAt(12)).toBe(2);
      expect(await host.ledger(id)).toEqual(expected);
      expect(await fireAt(15)).toBe(1);
      expect(await host.ledger(id)).toEqual([...expected, '12:15 started']);
    });
  });

  it.each(['none', 'latest', 'all'])('%s fires what is in its minute', async (catchUp) => {
    await using({ catchUp, overlap: 'allow' }, async (id) => {
      expect(await fireAt(10, 59)).toBe(2);
      const first = catchUp === 'all' ? '12:05 late' : '12:05 skipped (missed)';
      expect(await host.ledger(id)).toEqual([first, '12:10 started']);
    });
  });

  it.each(['none', 'latest'])('%s passes over a week of minutes in one row', async (catchUp) => {
    await using({ cron: '* * * * *', catchUp }, async (id) => {
      expect(await fireAt(10_000)).toBe(2);
      expect(await host.ledger(id)).toEqual([
        '12:01 skipped (missed: more than 2000 firings up to 2026-06-08T10:39:00.000Z)',
        '10:40 started',
      ]);
    });
  });

  it('latest tells how many it passed over', async () => {
    await using({ cron: '* * * * *' }, async (id) => {
      expect(await fireAt(21, 30)).toBe(21);
      expect(await fireAt(60, 30)).toBe(2);
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
    await using({ cron: '* * * * *', catchUp: 'all', overlap: 'allow' }, async (id) => {
      expect(await fireAt(60)).toBe(50);
      expect(await fireAt(60, 1)).toBe(10);
      expect(await host.ledger(id)).toHaveLength(60);
      expect((await host.ledger(id)).at(-1)).toBe('13:00 started');
      expect(new Set(host.conducted).size).toBe(60);
    });
  });
});

describe('while its last batch is not finished, a schedule', () => {
  it('skips', async () => {
    await using({ overlap: 'skip' }, async (id) => {
      await fireAt(5);
      await fireAt(10);
      await finishAll(id);
      await fireAt(15);
      expect(await host.ledger(id)).toEqual(['12:05 started', '12:10 skipped (overlap)', '12:15 started']);
    });
  });

  it('allows it', async () => {
    await using({ overlap: 'allow' }, async (id) => {
      await fireAt(5);
      await fireAt(10);
      expect(await host.ledger(id)).toEqual(['12:05 started', '12:10 started']);
    });
  });

  it('queues, and starts in order what waited', async () => {
    await using({ overlap: 'queue' }, async (id) => {
      for (const minutes of [5, 10, 15]) await fireAt(minutes);
      expect(await fireAt(16)).toBe(0);
      expect(await host.ledger(id)).toEqual(['12:05 started', '12:10 queued', '12:15 queued']);
      await finishAll(id);
      expect(await fireAt(20)).toBe(2);
      expect(await host.ledger(id)).toEqual(['12:05 started', '12:10 late', '12:15 queued', '12:20 queued']);
      expect(host.conducted).toHaveLength(2);
    });
  });

  it.each([
    ['skip', ['12:05 late', '12:10 skipped (overlap)', '12:15 skipped (overlap)']],
    ['queue', ['12:05 late', '12:10 queued', '12:15 queued']],
  ])('does so (%s) with each firing that it catches up on', async (overlap, expected) => {
    await using({ overlap, catchUp: 'all' }, async (id) => {
      expect(await fireAt(17)).toBe(3);
      expect(await host.ledger(id)).toEqual(expected);
    });
  });
});

describe('a schedule in Europe/Berlin', () => {
  it.each([
    ['March', '2026-03-28T12:00:00Z', ['01:00 started', '00:30 started']],
    ['October', '2026-10-24T12:00:00Z', ['00:30 started', '01:30 started']],
  ])('fires every night, also in %s', async (_, start, expected) => {
    clock.now = Date.parse(start);
    await using({ cron: '30 2 * * *', timeZone: 'Europe/Berlin', overlap: 'allow' }, async (id) => {
      for (let minutes = 0; minutes < 40 * 60; minutes += 30) {
        clock.now = Date.parse(start) + minutes * 60_000;
        await host.service.fireDue();
      }
      expect(await host.ledger(id)).toEqual(expected);
    });
  });
});
