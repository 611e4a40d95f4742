import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { exampleRun } from '../../support/example-rows.ts';
import { createFakeConductor } from '../../support/fake-conductor.ts';
import { type FakeProvider, type FakeRequest, startFakeProvider } from '../../support/fake-provider.ts';
import { vendorAnswer } from '../../support/fake-vendor-answers.ts';
import {
  type BatchDatabase,
  openBatchDatabase,
  type ProcessOptions,
  questionsOf,
} from '../support/open-batch-services.ts';

let database: BatchDatabase;
let fake: FakeProvider;
beforeAll(async () => {
  [database, fake] = await Promise.all([openBatchDatabase(), startFakeProvider({ latencyMs: 30 })]);
});
afterAll(async () => {
  await database?.close();
  await fake?.close();
});
beforeEach(() => fake.reset());
afterEach(() => database.closeProcesses());

let opened = 0;
const open = (options: Partial<ProcessOptions> = {}, count = 1) => {
  opened += 1;
  const name = `fake-${opened}`;
  const t = database.open(
    { providers: [{ kind: 'compatible', name, baseUrl: fake.baseUrls.compatible, key: null }], ...options },
    count,
  );
  return { ...t, targets: [{ provider: name, model: 'm' }] };
};

const questionOf = ({ body }: FakeRequest): string =>
  (body as { messages: { content: string }[] }).messages[0]?.content ?? '';
/** Questions that were asked more than once, with how often. */
const askedAgain = (): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const request of fake.requests) counts[questionOf(request)] = (counts[questionOf(request)] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 1));
};
const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + 15_000; !(await holds()); ) {
    if (Date.now() > end) throw new Error('it never came true');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};
const asked = (count: number) => until(() => fake.requests.length >= count);

describe('a batch that runs', () => {
  it('stands still while it is paused, and ends when resumed, with nothing asked twice', async () => {
    const t = open({}, 2);
    const id = await t.post({ targets: t.targets, concurrency: 20 }, questionsOf(120));
    await asked(30);
    expect(await t.batchService.pause(id)).toMatchObject({ status: 'paused' });
    await t.lanes.idle();
    const before = fake.requests.length;
    const paused = await t.batchService.get(id);
    // What was under way has ended, and nothing is held.
    expect(paused.counts).toMatchObject({ inProgress: 0, outcomes: { ok: before } });
    expect(before).toBeLessThan(120);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(fake.requests).toHaveLength(before);
    await t.batchService.resume(id);
    await t.lanes.idle();
    expect(await t.batchService.get(id)).toMatchObject({
      status: 'completed',
      generation: 2,
      counts: { outcomes: { ok: 120 } },
    });
    expect(askedAgain()).toEqual({});
    expect(await t.batchService.reconcile(id)).toMatchObject({ holds: true });
  });

  it('ends at once when cancelled, but for what is under way, whose answers are kept', async () => {
    const t = open({}, 2);
    const id = await t.post({ targets: t.targets, concurrency: 20 }, questionsOf(1_000));
    await asked(30);
    const { status, counts } = await t.batchService.cancel(id);
    expect(['cancelling', 'cancelled']).toContain(status);
    expect(counts.pending).toBe(0);
    await t.lanes.idle();
    const batch = await t.batchService.get(id);
    const { ok, cancelled } = batch.counts.outcomes;
    expect(batch).toMatchObject({ status: 'cancelled', counts: { inProgress: 0 } });
    expect(ok).toBe(fake.requests.length);
    expect(ok + cancelled).toBe(1_000);
    expect(cancelled).toBeGreaterThan(333);
    expect(await t.batchService.reconcile(id)).toMatchObject({ holds: true });
    // Nothing was asked that is not recorded, and nothing recorded that was not asked.
    expect(await t.inferences.countInferences({ batchId: id })).toBe(ok);
  });
});

it('only what failed is asked again on demand', async () => {
  const t = open();
  const questions = questionsOf(60, 'Retry');
  const failing = new Set(questions.slice(0, 13).map(({ prompt }) => prompt));
  let isMended = false;
  fake.respondWith((request) =>
    failing.has(questionOf(request)) && !isMended
      ? { status: 400, body: { error: { message: 'no' } } }
      : vendorAnswer(request),
  );
  const batch = await t.run({ targets: t.targets, concurrency: 8 }, questions);
  expect(batch.counts.outcomes).toMatchObject({ ok: 47, provider_error: 13 });
  isMended = true;
  fake.requests.length = 0;
  await t.batchService.retryFailed(batch.id, {});
  await t.lanes.idle();
  expect(await t.batchService.get(batch.id)).toMatchObject({
    status: 'completed',
    generation: 2,
    counts: { outcomes: { ok: 60, provider_error: 0 } },
  });
  expect(new Set(fake.requests.map(questionOf))).toEqual(failing);
  expect(fake.requests).toHaveLength(13);
  expect(await t.batchService.reconcile(batch.id)).toMatchObject({ holds: true });
});

describe('a worker that is gone', () => {
  it.each(['resend', 'missing'] as const)(
    'leaves items whose outcome nobody knows: %s',
    async (onUnknown) => {
      const heir = open({ conductor: createFakeConductor() });
      const id = await heir.post({ targets: heir.targets, concurrency: 4, onUnknown }, questionsOf(10));
      // As a worker that is killed right after sending: begun, never settled.
      const leaseToken = '019ab000-0000-7000-8000-00000000dead';
      const past = new Date(Date.now() - 60_000);
      const items = await heir.repository.leaseItems({
        batchId: id,
        limit: 4,
        leaseToken,
        now: new Date(),
        leaseUntil: past,
      });
      const [notBegun, ...begun] = items;
      expect(notBegun).toBeDefined();
      expect(begun).toHaveLength(3);
      for (const item of begun) {
        const run = exampleRun({ batchId: id, messages: item.messages, createdAt: past, leaseUntil: past });
        const beginning = { batchId: id, position: item.position, leaseToken, run, reserved: false };
        expect(await heir.repository.beginItem(beginning)).toBe(true);
      }
      expect(await heir.tickService.tick()).toMatchObject({ leasesExpired: 4 });
      const turn = { batchId: id, generation: 1, lane: 0, round: 1 };
      expect(await heir.runner.runLane(turn)).toMatchObject({ next: 'done' });

      const { counts, status } = await heir.batchService.get(id);
      const lost = onUnknown === 'missing' ? 3 : 0;
      expect(status).toBe('completed');
      expect(counts.outcomes).toMatchObject({ ok: 10 - lost, unknown_outcome: lost });
      // The lost calls stand in the record, whatever became of their items.
      expect(await heir.inferences.countInferences({ batchId: id, outcome: 'unknown_outcome' })).toBe(3);
      expect(await heir.inferences.countInferences({ batchId: id })).toBe(10 - lost + 3);
      expect(fake.requests).toHaveLength(10 - lost);
      expect(await heir.batchService.reconcile(id)).toMatchObject({ holds: true });
    },
  );
});

describe('a worker of an earlier generation', () => {
  it('leases nothing any more, ends what it has, and asks nothing twice', async () => {
    const t = open({ conductor: createFakeConductor() });
    const id = await t.post({ targets: t.targets, concurrency: 8 }, questionsOf(80));
    const turnOf = (generation: number) => ({ batchId: id, generation, lane: 0, round: 1 });
    const old = t.runner.runLane(turnOf(1));
    await asked(16);
    expect(await t.repository.raiseGeneration(id, 1, new Date())).toBe(true);
    const next = t.runner.runLane(turnOf(2));
    const first = await old;
    expect(first.next).toBe('done');
    expect(first.settled).toBeLessThan(60);
    await next;
    expect(await t.batchService.get(id)).toMatchObject({
      status: 'completed',
      counts: { outcomes: { ok: 80 } },
    });
    expect(askedAgain()).toEqual({});
    // One that comes late finds that it is not wanted.
    fake.requests.length = 0;
    expect(await t.runner.runLane(turnOf(1))).toEqual({ next: 'done', until: null, asked: 0, settled: 0 });
  });

  it('brings answers after its lease is over: they count, and nothing is asked twice', async () => {
    const t = open({ conductor: createFakeConductor(), leaseGraceMs: 60_000 });
    fake.respondWith((request) => ({ ...vendorAnswer(request), latencyMs: 700 }));
    const id = await t.post({ targets: t.targets, concurrency: 4, onUnknown: 'missing' }, questionsOf(4));
    const turnOf = (generation: number) => ({ batchId: id, generation, lane: 0, round: 1 });
    const old = t.runner.runLane(turnOf(1));
    await asked(4);
    // Its clock stood still: everybody else's has gone past its leases.
    const later = new Date(Date.now() + 600_000);
    expect(await t.repository.expireLeases(later, { limit: 100, maxAttempts: 10 })).toBe(4);
    expect((await t.batchService.get(id)).counts.outcomes.unknown_outcome).toBe(4);
    await old;
    expect(await t.batchService.get(id)).toMatchObject({
      status: 'completed',
      counts: { outcomes: { ok: 4, unknown_outcome: 0 } },
    });
    expect(fake.requests).toHaveLength(4);
    expect(await t.batchService.reconcile(id)).toMatchObject({ holds: true });
  });

  it('brings answers for items that wait to be asked again: they need not be any more', async () => {
    const t = open({ conductor: createFakeConductor(), leaseGraceMs: 60_000 });
    fake.respondWith((request) => ({ ...vendorAnswer(request), latencyMs: 500 }));
    const id = await t.post({ targets: t.targets, concurrency: 4, onUnknown: 'resend' }, questionsOf(4));
    const old = t.runner.runLane({ batchId: id, generation: 1, lane: 0, round: 1 });
    await asked(4);
    await t.repository.expireLeases(new Date(Date.now() + 600_000), { limit: 100, maxAttempts: 10 });
    expect((await t.batchService.get(id)).counts.pending).toBe(4);
    await t.repository.raiseGeneration(id, 1, new Date());
    await old;
    await t.runner.runLane({ batchId: id, generation: 2, lane: 0, round: 1 });
    expect(await t.batchService.get(id)).toMatchObject({
      status: 'completed',
      counts: { outcomes: { ok: 4 } },
    });
    expect(fake.requests).toHaveLength(4);
  });
});
