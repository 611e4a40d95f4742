import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConductorState } from '../../../src/services/batches/batch-conductor.ts';
import { createReviveBatches } from '../../../src/services/batches/revive-batches.ts';
import { createTickService } from '../../../src/services/create-tick-service.ts';
import { type FakeProvider, startFakeProvider } from '../../support/fake-provider.ts';
import {
  type BatchDatabase,
  type OpenProcesses,
  openBatchDatabase,
  questionsOf,
} from '../support/open-batch-services.ts';

const stallMs = 60_000;
const targets = [{ provider: 'fake', model: 'm' }];

let database: BatchDatabase;
let fake: FakeProvider;
let t: OpenProcesses;
/** What the platform says of every first orchestration, and what it was asked to start. */
let state: ConductorState;
let started: { id: string; generation: number; lanes: number }[];
let refusesToStart = false;
const conductor = {
  start: async (batch: { id: string; generation: number; lanes: number }) => {
    if (refusesToStart) throw new Error('the extension does not answer');
    started.push(batch);
  },
  state: async (id: string, generation: number): Promise<ConductorState> => {
    if (generation === 1) return state;
    return started.some((batch) => batch.id === id && batch.generation === generation)
      ? 'running'
      : 'missing';
  },
};
beforeAll(async () => {
  [database, fake] = await Promise.all([openBatchDatabase(), startFakeProvider()]);
  t = database.open({
    providers: [{ kind: 'compatible', name: 'fake', baseUrl: fake.baseUrls.compatible, key: null }],
    conductor,
  });
});
afterAll(async () => {
  await database?.close();
  await fake?.close();
});
beforeEach(async () => {
  state = 'running';
  started = [];
  refusesToStart = false;
  // Every test has the one unfinished batch that it posts.
  const { data } = await t.batchService.list({}, { limit: 50 });
  for (const batch of data) await t.batchService.cancel(batch.id);
});

const post = async (): Promise<string> => {
  const id = await t.post({ targets, concurrency: 40 }, questionsOf(5));
  started = [];
  return id;
};
/** The part of the tick that looks after batches, at some time after now. */
const reviveIn = (ms: number): Promise<number> => {
  const { repository, logger } = t;
  return createReviveBatches({ repository, conductor, logger, stallMs, now: () => Date.now() + ms })();
};
const generationOf = async (id: string) => (await t.batchService.get(id)).generation;

describe('the tick gives a batch an orchestration', () => {
  it('of the same generation when there is none, but not in the seconds in which its maker starts it', async () => {
    const id = await post();
    state = 'missing';
    expect(await reviveIn(5000)).toBe(0);
    expect(await reviveIn(15_000)).toBe(1);
    expect(started).toEqual([{ id, generation: 1, lanes: 3 }]);
    expect(await generationOf(id)).toBe(1);
  });

  it('of the next generation when the old one has ended before its batch', async () => {
    const id = await post();
    state = 'ended';
    expect(await reviveIn(1000)).toBe(1);
    expect(started).toEqual([{ id, generation: 2, lanes: 3 }]);
    expect(await generationOf(id)).toBe(2);
  });

  it('of the next generation when it runs but has not moved for long, though it could', async () => {
    const id = await post();
    expect(await reviveIn(stallMs - 5000)).toBe(0);
    expect(await reviveIn(stallMs + 5000)).toBe(1);
    expect(started).toEqual([{ id, generation: 2, lanes: 3 }]);
  });

  it('once, however many ticks there are at the same time', async () => {
    const id = await post();
    state = 'ended';
    const counts = await Promise.all([1, 2, 3, 4].map(() => reviveIn(1000)));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1);
    expect(await generationOf(id)).toBe(2);
  });

  it('at a later tick when the platform did not answer', async () => {
    const id = await post();
    state = 'ended';
    refusesToStart = true;
    expect(await reviveIn(1000)).toBe(0);
    refusesToStart = false;
    expect(await reviveIn(15_000)).toBe(1);
    expect(started).toEqual([{ id, generation: 2, lanes: 3 }]);
  });
});

describe('the tick leaves a batch alone', () => {
  it('that runs and moves, however often it looks', async () => {
    const id = await post();
    for (let look = 0; look < 5; look += 1) expect(await reviveIn(look * 5000)).toBe(0);
    expect(started).toEqual([]);
    expect(await generationOf(id)).toBe(1);
  });

  it('that stands still because all of it is under way', async () => {
    const id = await post();
    const leased = await t.repository.leaseItems({
      batchId: id,
      limit: 10,
      leaseToken: '019ab000-0000-7000-8000-000000000001',
      now: new Date(),
      leaseUntil: new Date(Date.now() + 600_000),
    });
    expect(leased).toHaveLength(5);
    expect(await reviveIn(stallMs * 2)).toBe(0);
    state = 'ended';
    expect(await reviveIn(stallMs * 2)).toBe(0);
    expect(await generationOf(id)).toBe(1);
  });

  it('that waits for its provider', async () => {
    const id = await post();
    const blockedUntil = new Date(Date.now() + 3_600_000);
    await t.repository.slowProvider({ provider: 'fake', now: new Date(), blockedUntil, slowDown: false });
    expect(await reviveIn(stallMs * 2)).toBe(0);
    expect(await generationOf(id)).toBe(1);
    await t.repository.slowProvider({
      provider: 'fake',
      now: new Date(),
      blockedUntil: null,
      slowDown: false,
    });
  });

  it('that is paused or finished', async () => {
    const id = await post();
    await t.batchService.pause(id);
    state = 'missing';
    expect(await reviveIn(stallMs * 2)).toBe(0);
    await t.batchService.cancel(id);
    state = 'ended';
    expect(await reviveIn(stallMs * 2)).toBe(0);
  });
});

describe('an ordinary request', () => {
  /** A process at some time, with a clock that can go on. */
  const processAt = (clock: { now: number }) =>
    createTickService({
      repository: t.repository,
      conductor,
      inferenceService: t.inferenceService,
      scheduleService: { fireDue: async () => 0 },
      uploadService: { expire: async () => 0 },
      exportService: { tend: async () => 0 },
      logger: t.logger,
      stallMs,
      now: () => clock.now,
    });

  it('does the tick’s work when the timer has not for a minute and a half, once for all processes', async () => {
    const clock = { now: Date.now() + 86_400_000 };
    await processAt(clock).tick();
    const id = await post();
    state = 'ended';
    started = [];
    const [one, two] = [processAt(clock), processAt(clock)];
    clock.now += 80_000;
    await one.tickIfStale();
    expect(started).toEqual([]);
    clock.now += 61_000;
    await Promise.all([one.tickIfStale(), two.tickIfStale()]);
    expect(started).toEqual([{ id, generation: 2, lanes: 3 }]);
  });

  it('is not slowed down by it: a process asks once a minute', async () => {
    const clock = { now: Date.now() + 2 * 86_400_000 };
    const process = processAt(clock);
    await process.tickIfStale();
    await post();
    state = 'ended';
    started = [];
    clock.now += 59_000;
    await process.tickIfStale();
    expect(started).toEqual([]);
  });
});
