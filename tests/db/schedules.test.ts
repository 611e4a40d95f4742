import { randomUUIDv7 } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ScheduledBatch } from '../../src/contract/batch.ts';
import type { NewFiring, NewSchedule } from '../../src/db/schedules/schedule-repository.ts';
import { at, exampleBatch, exampleInputs, type OpenBatches, openBatches } from '../support/open-batches.ts';

let open: OpenBatches;
beforeAll(async () => {
  open = await openBatches();
});
afterAll(() => open.close());

const insert = async (overrides: Partial<NewSchedule> = {}) =>
  open.batches.insertSchedule({
    id: randomUUIDv7(),
    name: 'nightly',
    cron: '0 3 * * *',
    timeZone: 'Europe/Berlin',
    batch: ScheduledBatch.parse({
      targets: [{ provider: 'echo', model: 'echo-1' }],
      items: [{ itemKey: 'a', prompt: 'Why?' }],
    }),
    overlap: 'skip',
    catchUp: 'latest',
    enabled: true,
    apiKeyId: null,
    createdAt: at(0),
    nextFireAt: at(60),
    ...overrides,
  });

const firing = (scheduleId: string, overrides: Partial<NewFiring> = {}): NewFiring => ({
  scheduleId,
  fireTime: at(60),
  status: 'started',
  detail: null,
  decidedAt: at(61),
  nextFireAt: at(120),
  start: { batch: exampleBatch(), inputs: exampleInputs(1) },
  startsAlone: false,
  ...overrides,
});

describe('a schedule', () => {
  it('is stored, changed in part, and deleted', async () => {
    const made = await insert();
    expect(made).toMatchObject({ nextFireAt: at(60).toISOString(), timeZone: 'Europe/Berlin' });
    const changed = await open.batches.updateSchedule(made.id, {
      enabled: false,
      nextFireAt: null,
      updatedAt: at(5),
    });
    expect(changed).toEqual({ ...made, enabled: false, nextFireAt: null, updatedAt: at(5).toISOString() });
    expect(await open.batches.findSchedule(made.id)).toEqual(changed);
    expect(await open.batches.deleteSchedule(made.id, at(6))).toBe(true);
    expect(await open.batches.deleteSchedule(made.id, at(6))).toBe(false);
    expect(await open.batches.findSchedule(made.id)).toBeNull();
    expect(await open.batches.updateSchedule(made.id, { updatedAt: at(7) })).toBeNull();
  });

  it('is listed newest first, page by page', async () => {
    for (const seconds of [1, 2, 3]) await insert({ name: `s${seconds}`, createdAt: at(1e6 + seconds) });
    const first = await open.batches.listSchedules({ limit: 2 });
    expect(first.data.map(({ name }) => name)).toEqual(['s3', 's2']);
    const second = await open.batches.listSchedules({ limit: 1, cursor: first.nextCursor ?? '' });
    expect(second.data.map(({ name }) => name)).toEqual(['s1']);
  });

  it('ends a page of its list early where batches are very long', async () => {
    const batch = ScheduledBatch.parse({
      targets: [{ provider: 'echo', model: 'echo-1' }],
      items: Array.from({ length: 9 }, (_, index) => ({
        itemKey: `${index}`,
        prompt: 'a'.repeat(4_000_000),
      })),
    });
    const short = await insert({ createdAt: at(2e6) });
    const long = await insert({ createdAt: at(3e6), batch });
    const first = await open.batches.listSchedules({ limit: 2 });
    expect(first.data.map(({ id }) => id)).toEqual([long.id]); // it passes 32 MiB alone
    const second = await open.batches.listSchedules({ limit: 1, cursor: first.nextCursor ?? '' });
    expect(second.data.map(({ id }) => id)).toEqual([short.id]);
    await open.batches.deleteSchedule(long.id, at(0));
  });

  it('is due at its time, while it is enabled', async () => {
    const [due, off] = [
      await insert({ nextFireAt: at(-500) }),
      await insert({ nextFireAt: at(-500), enabled: false }),
    ];
    const later = await insert({ nextFireAt: at(-400) });
    const idsAt = (seconds: number) => open.batches.listDueSchedules(at(seconds), 100);
    expect(await idsAt(-501)).toEqual([]);
    expect(await idsAt(-400)).toEqual([due.id, later.id]);
    expect(await idsAt(-400)).not.toContain(off.id);
  });
});

describe('a firing', () => {
  it('starts one batch, however many fire at once', async () => {
    const { id } = await insert();
    const repositories = [open.batches, open.openAnother(), open.openAnother()];
    const firings = Array.from({ length: 6 }, () => firing(id));
    const recorded = await Promise.all(
      firings.map((each, index) => repositories[index % 3]?.recordFiring(each)),
    );
    expect(recorded.filter(Boolean)).toHaveLength(1);
    const winner = firings[recorded.indexOf(true)];
    expect(await open.batches.listFirings(id, 10)).toEqual([
      {
        scheduleId: id,
        fireTime: at(60).toISOString(),
        status: 'started',
        detail: null,
        batchId: winner?.start?.batch.id,
        decidedAt: at(61).toISOString(),
      },
    ]);
    const batches = await Promise.all(
      firings.map(({ start }) => open.batches.findBatch(start?.batch.id ?? '')),
    );
    expect(batches.filter((batch) => batch !== null)).toHaveLength(1);
    expect(await open.batches.findSchedule(id)).toMatchObject({ nextFireAt: at(120).toISOString() });
    expect(await open.batches.hasRunningBatch(id)).toBe(true);
  });

  it('is not recorded when its batch cannot be stored', async () => {
    const { id } = await insert();
    const start = { batch: exampleBatch(), inputs: exampleInputs(0) };
    await expect(open.batches.recordFiring(firing(id, { start }))).rejects.toThrow();
    expect(await open.batches.listFirings(id, 10)).toEqual([]);
    expect(await open.batches.findSchedule(id)).toMatchObject({ nextFireAt: at(60).toISOString() });
  });

  it('may be left out, or wait until the batch before it is finished', async () => {
    const { id } = await insert({ overlap: 'queue' });
    const first = firing(id);
    await open.batches.recordFiring(first);
    const skipped = { status: 'skipped', detail: 'overlap', start: null } as const;
    await open.batches.recordFiring(firing(id, { ...skipped, fireTime: at(120), nextFireAt: at(180) }));
    const queued = { status: 'queued', start: null } as const;
    await open.batches.recordFiring(firing(id, { ...queued, fireTime: at(180), nextFireAt: at(240) }));
    const waiting = async () =>
      (await open.batches.listQueuedFirings(100)).filter(({ scheduleId }) => scheduleId === id);
    expect(await waiting()).toEqual([]);
    await open.batches.cancelBatch(first.start?.batch.id ?? '', at(190));
    expect(await open.batches.hasRunningBatch(id)).toBe(false);
    expect(await waiting()).toMatchObject([{ fireTime: at(180).toISOString(), status: 'queued' }]);

    const key = { scheduleId: id, fireTime: at(180), decidedAt: at(191) };
    const started = await Promise.all(
      [1, 2, 3].map(() =>
        open.batches.startQueuedFiring(key, { batch: exampleBatch(), inputs: exampleInputs(1) }),
      ),
    );
    expect(started.filter(Boolean)).toHaveLength(1);
    expect((await open.batches.listFirings(id, 10)).map(({ status }) => status)).toEqual([
      'late',
      'skipped',
      'started',
    ]);
    expect(await waiting()).toEqual([]);
  });
});

describe('a firing that the schedule does not stand at any more', () => {
  it.each([
    ['off', (id: string) => open.batches.updateSchedule(id, { enabled: false, updatedAt: at(5) })],
    ['moved', (id: string) => open.batches.updateSchedule(id, { nextFireAt: at(90), updatedAt: at(5) })],
    ['deleted', (id: string) => open.batches.deleteSchedule(id, at(5))],
  ])('is not recorded: it is %s', async (_, change) => {
    const { id } = await insert();
    await change(id);
    const late = firing(id);
    expect(await open.batches.recordFiring(late)).toBe(false);
    expect(await open.batches.listFirings(id, 10)).toEqual([]);
    expect(await open.batches.findBatch(late.start?.batch.id ?? '')).toBeNull();
  });

  it('nor once others that it should start alone among have started', async () => {
    const { id } = await insert();
    await open.batches.recordFiring(firing(id));
    const second = { fireTime: at(120), nextFireAt: at(180) };
    expect(await open.batches.recordFiring(firing(id, { ...second, startsAlone: true }))).toBe(false);
    expect(await open.batches.findSchedule(id)).toMatchObject({ nextFireAt: at(120).toISOString() });
    expect(await open.batches.recordFiring(firing(id, second))).toBe(true);
  });
});

describe('a waiting firing', () => {
  const queue = async () => {
    const { id } = await insert({ overlap: 'queue' });
    await open.batches.recordFiring(firing(id, { status: 'queued', start: null }));
    await open.batches.recordFiring(
      firing(id, { status: 'queued', start: null, fireTime: at(120), nextFireAt: at(180) }),
    );
    return id;
  };
  const waitingOf = async (id: string) =>
    (await open.batches.listQueuedFirings(100)).filter(({ scheduleId }) => scheduleId === id);
  const start = () => ({ batch: exampleBatch(), inputs: exampleInputs(1) });

  it('starts alone, the oldest first', async () => {
    const id = await queue();
    expect(await waitingOf(id)).toMatchObject([{ fireTime: at(60).toISOString() }]);
    const keys = [60, 120].map((seconds) => ({ scheduleId: id, fireTime: at(seconds), decidedAt: at(200) }));
    const started = await Promise.all(keys.map((key) => open.batches.startQueuedFiring(key, start())));
    expect(started.filter(Boolean)).toHaveLength(1);
  });

  it('may be left out, and is not started while its schedule is off', async () => {
    const id = await queue();
    const key = { scheduleId: id, fireTime: at(60), decidedAt: at(200) };
    expect(await open.batches.skipQueuedFiring({ ...key, detail: 'invalid: x' })).toBe(true);
    expect(await open.batches.skipQueuedFiring({ ...key, detail: 'again' })).toBe(false);
    expect(await open.batches.listFirings(id, 10)).toMatchObject([
      { status: 'queued' },
      { status: 'skipped', detail: 'invalid: x', decidedAt: at(200).toISOString() },
    ]);
    await open.batches.updateSchedule(id, { enabled: false, updatedAt: at(201) });
    expect(await waitingOf(id)).toEqual([]);
    expect(await open.batches.startQueuedFiring({ ...key, fireTime: at(120) }, start())).toBe(false);
  });
});

describe('the tick', () => {
  it('is taken up by one process in an interval', async () => {
    const other = open.openAnother();
    const claim = async (seconds: number) => {
      const claims = [open.batches, other, open.batches, other].map((repository) =>
        repository.claimTick('schedules', at(seconds), 55_000),
      );
      return (await Promise.all(claims)).filter(Boolean).length;
    };
    expect(await claim(0)).toBe(1);
    expect(await claim(54)).toBe(0);
    expect(await claim(55)).toBe(1);
    expect(await claim(109)).toBe(0);
  });
});
