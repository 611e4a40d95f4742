import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createFakeConductor } from '../../support/fake-conductor.ts';
import { type FakeProvider, startFakeProvider } from '../../support/fake-provider.ts';
import { type BatchDatabase, openBatchDatabase, questionsOf } from '../support/open-batch-services.ts';

let database: BatchDatabase;
let fake: FakeProvider;
beforeAll(async () => {
  [database, fake] = await Promise.all([openBatchDatabase(), startFakeProvider({ latencyMs: 20 })]);
});
afterAll(async () => {
  await database?.close();
  await fake?.close();
});
beforeEach(() => fake.reset());
afterEach(() => database.closeProcesses());

let providers = 0;
/** A provider of its own for each test: how it was slowed down is kept in the database. */
const open = (limits: { requestsPerMinute?: number; concurrency?: number } = {}) => {
  providers += 1;
  const name = `fake-${providers}`;
  const t = database.open({
    providers: [{ kind: 'compatible', name, baseUrl: fake.baseUrls.compatible, key: null }],
    providerLimits: { [name]: limits },
    conductor: createFakeConductor(),
  });
  return { ...t, targets: [{ provider: name, model: 'm' }] };
};
const turnOf = (batchId: string) => ({ batchId, generation: 1, lane: 0, round: 1 });

describe('a provider that asks for 20 s with its 429', () => {
  it.each([
    ['without limits', {}],
    ['with a limit of requests', { requestsPerMinute: 6000 }],
    ['with a limit of calls at once', { concurrency: 8 }],
  ])('ends the turn with that moment and no call in flight, %s', async (_, limits) => {
    const t = open(limits);
    fake.respondWith({
      status: 429,
      headers: { 'retry-after': '20' },
      body: { error: { message: 'too many' } },
    });
    const id = await t.post({ targets: t.targets, concurrency: 8 }, questionsOf(30));
    const startedAt = Date.now();
    const report = await t.runner.runLane(turnOf(id));
    const tookMs = Date.now() - startedAt;
    expect(report).toMatchObject({ next: 'wait', settled: 0 });
    expect(tookMs).toBeLessThan(5000);
    const waitMs = Date.parse(report.until ?? '') - Date.now();
    expect(waitMs).toBeGreaterThan(20_000 - tookMs - 500);
    expect(waitMs).toBeLessThanOrEqual(21_500);

    // No more calls than were under way when the first refusal came.
    const asked = fake.requests.length;
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThanOrEqual(16);
    expect(report.asked).toBe(asked);
    const { counts } = await t.batchService.get(id);
    expect(counts).toMatchObject({ planned: 30, pending: 30, inProgress: 0 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(fake.requests).toHaveLength(asked);
    // A turn that comes too early is told the same again, without asking anybody.
    expect(await t.runner.runLane(turnOf(id))).toMatchObject({ next: 'wait', asked: 0 });
    expect(fake.requests).toHaveLength(asked);
  });

  it('is not waited for by the other providers of the batch', async () => {
    const t = open();
    const other = open();
    const both = database.open({
      providers: [
        { kind: 'compatible', name: t.targets[0]?.provider ?? '', baseUrl: fake.baseUrls.openai, key: null },
        {
          kind: 'compatible',
          name: other.targets[0]?.provider ?? '',
          baseUrl: fake.baseUrls.compatible,
          key: null,
        },
      ],
      conductor: createFakeConductor(),
    });
    fake.respondWith(({ vendor }) =>
      vendor === 'compatible'
        ? { body: { model: 'm', choices: [{ message: { content: 'yes' }, finish_reason: 'stop' }] } }
        : { status: 429, headers: { 'retry-after': '20' }, body: {} },
    );
    const id = await both.post(
      { targets: [...t.targets, ...other.targets], concurrency: 8 },
      questionsOf(20),
    );
    const report = await both.runner.runLane(turnOf(id));
    expect(report).toMatchObject({ next: 'wait', settled: 20 });
    const { counts } = await both.batchService.get(id);
    expect(counts).toMatchObject({ pending: 20, outcomes: { ok: 20 } });
  });
});

it('a limit that leaves ten seconds between two calls ends the turn after each', async () => {
  const t = open({ requestsPerMinute: 6 });
  const id = await t.post({ targets: t.targets, concurrency: 8 }, questionsOf(30));
  const startedAt = Date.now();
  const report = await t.runner.runLane(turnOf(id));
  expect(report).toMatchObject({ next: 'wait', asked: 1, settled: 1 });
  expect(Date.now() - startedAt).toBeLessThan(3000);
  expect(Date.parse(report.until ?? '') - startedAt).toBeGreaterThan(9000);
  expect(await t.runner.runLane(turnOf(id))).toMatchObject({ next: 'wait', asked: 0 });
  expect(fake.requests).toHaveLength(1);
});

it('a short wait is spent in the turn', async () => {
  const t = open();
  fake.script({ status: 429, headers: { 'retry-after': '1' }, body: {} });
  const id = await t.post({ targets: t.targets, concurrency: 2 }, questionsOf(4));
  expect(await t.runner.runLane(turnOf(id))).toMatchObject({ next: 'done', asked: 5, settled: 4 });
});

it('a turn whose time is over begins nothing new, settles what is under way, and is followed by another', async () => {
  const t = open();
  const short = database.open({
    providers: [
      {
        kind: 'compatible',
        name: t.targets[0]?.provider ?? '',
        baseUrl: fake.baseUrls.compatible,
        key: null,
      },
    ],
    conductor: createFakeConductor(),
    turnMs: 300,
  });
  fake.respondWith({
    latencyMs: 100,
    body: { model: 'm', choices: [{ message: { content: 'yes' }, finish_reason: 'stop' }] },
  });
  const id = await short.post({ targets: t.targets, concurrency: 4 }, questionsOf(100));
  const report = await short.runner.runLane(turnOf(id));
  expect(report.next).toBe('again');
  expect(report.settled).toBe(report.asked);
  const { counts } = await short.batchService.get(id);
  expect(counts).toMatchObject({ inProgress: 0, outcomes: { ok: report.settled } });
  expect(fake.requests).toHaveLength(report.settled);
});
