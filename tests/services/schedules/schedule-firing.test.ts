import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { at } from '../../support/open-batches.ts';
import { minute, openSchedules } from '../support/set-up-schedules.ts';

const keyId = '0198c0de-0000-7000-8000-000000000001';
let database: Awaited<ReturnType<typeof openSchedules>>;
let host: ReturnType<typeof database.start>;
beforeAll(async () => {
  database = await openSchedules();
});
afterAll(() => database.close());
beforeEach(() => {
  host = database.start();
});

describe('a schedule that is due', () => {
  it('starts a batch that says where it comes from, and conducts it', async () => {
    const batch = {
      targets: [{ provider: 'echo', model: 'echo-1' }],
      items: [{ itemKey: 'a', prompt: 'Why?' }],
      metadata: { study: 'lighthouses' },
    };
    await host.using(
      { batch },
      async (id) => {
        expect(await host.fireAt(4, 59)).toBe(0);
        expect(await host.fireAt(5, 1)).toBe(1);
        expect(await host.service.get(id)).toMatchObject({ nextFireAt: at(600).toISOString() });
        expect(await host.fireAt(5, 30)).toBe(0);
        const [firing] = await host.service.listFirings(id, 10);
        expect(firing).toMatchObject({ status: 'started', detail: null, decidedAt: at(301).toISOString() });
        expect(host.conducted).toEqual([`${firing?.batchId}-1`]);
        expect(await database.open.batches.findBatch(firing?.batchId ?? '')).toMatchObject({
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
    await host.using(
      { batch: { targets, items: [{ itemKey: 'a', prompt: 'Why?' }], metadata } },
      async (id) => {
        await host.fireAt(5);
        const [firing] = await host.service.listFirings(id, 1);
        expect(await database.open.batches.findBatch(firing?.batchId ?? '')).toMatchObject({ metadata });
      },
    );
  });

  it('is started by the tick where Durable does not answer', async () => {
    await host.using({}, async (id) => {
      host.state.conductorFails = true;
      expect(await host.fireAt(5)).toBe(1);
      expect(await host.ledger(id)).toEqual(['12:05 started']);
      expect(await database.open.batches.hasRunningBatch(id)).toBe(true);
      expect(host.logger.lines).toMatchObject([{ level: 'warn', error: expect.any(Error) }]);
    });
  });

  it('fires once, whichever of two processes comes first', async () => {
    const other = host.another();
    await host.using({}, async (id) => {
      host.clock.now = minute(5);
      const decided = await Promise.all([host, other, host, other].map(({ service }) => service.fireDue()));
      expect(decided.reduce((sum, count) => sum + count)).toBe(1);
      expect(await host.ledger(id)).toEqual(['12:05 started']);
      expect([...host.conducted, ...other.conducted]).toHaveLength(1);
    });
    host.clock.now = minute(0);
    await host.using({ catchUp: 'all', overlap: 'queue' }, async (id) => {
      host.clock.now = minute(31);
      await Promise.all([host, other, host, other].map(({ service }) => service.fireDue()));
      expect(await host.ledger(id)).toEqual([
        '12:05 late',
        ...['12:10', '12:15', '12:20', '12:25', '12:30'].map((time) => `${time} queued`),
      ]);
    });
  });

  it('does not fire while it is switched off, and does not catch up on that', async () => {
    await host.using({ catchUp: 'all' }, async (id) => {
      await host.service.update(id, { enabled: false });
      expect(await host.fireAt(12)).toBe(0);
      expect(await host.service.update(id, { enabled: true })).toMatchObject({
        nextFireAt: at(900).toISOString(),
      });
      expect(await host.fireAt(12, 30)).toBe(0);
      expect(await host.fireAt(15)).toBe(1);
      expect(await host.ledger(id)).toEqual(['12:15 started']);
    });
  });

  it('does not fire once it is deleted', async () => {
    const { id } = await host.create();
    await host.service.delete(id);
    expect(await host.fireAt(30)).toBe(0);
    await expect(host.service.listFirings(id, 1)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a schedule whose batch is not possible any more', () => {
  it('says so in its ledger, and goes on', async () => {
    await host.using({}, async (id) => {
      const { echo } = Object.fromEntries(host.providers);
      host.providers.clear();
      expect(await host.fireAt(5)).toBe(1);
      if (echo !== undefined) host.providers.set('echo', echo);
      expect(await host.fireAt(10)).toBe(1);
      expect(await host.ledger(id)).toEqual(['12:05 skipped (invalid: invalid_request)', '12:10 started']);
      expect(host.logger.lines).toMatchObject([{ message: 'batch of a schedule refused', scheduleId: id }]);
    });
  });

  it('while a firing waits, likewise', async () => {
    await host.using({ overlap: 'queue' }, async (id) => {
      await host.fireAt(5);
      await host.fireAt(10);
      await host.finishAll(id);
      host.providers.delete('echo');
      expect(await host.fireAt(11)).toBe(1);
      expect(await host.ledger(id)).toEqual(['12:05 started', '12:10 skipped (invalid: invalid_request)']);
    });
  });

  it('does not keep the others from firing', async () => {
    const bad = await host.create();
    await database.open.batches.updateSchedule(bad.id, { timeZone: 'Europe/Nowhere', updatedAt: at(0) });
    await host.using({}, async (id) => {
      expect(await host.fireAt(5)).toBe(1);
      expect(await host.ledger(id)).toEqual(['12:05 started']);
      expect(host.logger.lines).toMatchObject([{ message: 'schedule not fired', scheduleId: bad.id }]);
    });
    await host.service.delete(bad.id);
  });
});

describe('a schedule in Europe/Berlin', () => {
  it.each([
    ['March', '2026-03-28T12:00:00Z', ['01:00 started', '00:30 started']],
    ['October', '2026-10-24T12:00:00Z', ['00:30 started', '01:30 started']],
  ])('fires every night, also in %s', async (_, start, expected) => {
    host.clock.now = Date.parse(start);
    await host.using({ cron: '30 2 * * *', timeZone: 'Europe/Berlin', overlap: 'allow' }, async (id) => {
      for (let minutes = 0; minutes < 40 * 60; minutes += 30) {
        host.clock.now = Date.parse(start) + minutes * 60_000;
        await host.service.fireDue();
      }
      expect(await host.ledger(id)).toEqual(expected);
    });
  });
});
