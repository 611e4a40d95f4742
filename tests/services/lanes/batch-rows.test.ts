import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type FakeProvider, startFakeProvider } from '../../support/fake-provider.ts';
import {
  type BatchDatabase,
  type OpenProcesses,
  openBatchDatabase,
  questionsOf,
} from '../support/open-batch-services.ts';

let database: BatchDatabase;
let fake: FakeProvider;
let t: OpenProcesses;
beforeAll(async () => {
  [database, fake] = await Promise.all([openBatchDatabase(), startFakeProvider({ latencyMs: 5 })]);
  const key = () => 'sk-fake';
  t = database.open(
    {
      providers: [
        { kind: 'openai', name: 'openai', baseUrl: fake.baseUrls.openai, key },
        { kind: 'compatible', name: 'fake', baseUrl: fake.baseUrls.compatible, key: null },
      ],
    },
    2,
  );
});
afterAll(async () => {
  await database?.close();
  await fake?.close();
});
afterEach(() => fake.reset());

/** The questions that the provider was asked, with how often. */
const askedCounts = (): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const { body, vendor } of fake.requests) {
    const { model, messages } = body as { model: string; messages: { content: string }[] };
    const name = `${vendor} ${model} ${messages.at(-1)?.content}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
};

const targets = [
  { provider: 'openai', model: 'gpt-4o' },
  { provider: 'openai', model: 'gpt-4o-mini' },
  { provider: 'fake', model: 'm' },
];

describe('a batch over several targets', () => {
  it('asks each question to each target as often as it has repetitions, and every row is there', async () => {
    const questions = questionsOf(23);
    const batch = await t.run({ targets, repetitions: 3, concurrency: 40 }, questions);
    const planned = 23 * 3 * 3;
    expect(batch).toMatchObject({ status: 'completed', counts: { planned, pending: 0, inProgress: 0 } });
    expect(batch.counts.outcomes.ok).toBe(planned);
    expect(fake.requests).toHaveLength(planned);
    expect([...askedCounts().values()]).toEqual(Array(23 * 3).fill(3));

    const items = await t.itemsOf(batch.id);
    expect(new Set(items.map((item) => `${item.itemKey} ${item.targetIndex} ${item.repetition}`)).size).toBe(
      planned,
    );
    expect(new Set(items.map(({ inferenceId }) => inferenceId)).size).toBe(planned);
    expect(items.every(({ attempts, settledAt }) => attempts === 1 && settledAt !== null)).toBe(true);
    expect(await t.inferences.countInferences({ batchId: batch.id })).toBe(planned);
    expect(await t.batchService.reconcile(batch.id)).toMatchObject({
      planned,
      rows: planned,
      settled: planned,
      holds: true,
    });
  });

  it('has in its results what each provider said to each question', async () => {
    const questions = questionsOf(3, 'Which of the');
    const { id } = await t.run({ targets, concurrency: 4 }, questions);
    const { data } = await t.batchService.listResults(id, { limit: 50 });
    expect(data.map(({ itemKey, text }) => [itemKey, text])).toEqual(
      questions.flatMap(({ itemKey, prompt }) => targets.map(() => [itemKey, `Answer to: ${prompt}`])),
    );
  });
});

describe('identical questions', () => {
  const same = [...questionsOf(10, 'Same'), ...questionsOf(10, 'Same'), ...questionsOf(2, 'Other')].map(
    (item, index) => ({ ...item, itemKey: `key-${index}` }),
  );

  it('are asked once for each target and repetition when they share their answers', async () => {
    const batch = await t.run({ targets, repetitions: 2, shareIdentical: true, concurrency: 20 }, same);
    expect(batch).toMatchObject({ status: 'completed', counts: { planned: 22 * 3 * 2 } });
    expect(batch.counts.outcomes.ok).toBe(22 * 3 * 2);
    expect(fake.requests).toHaveLength(12 * 3 * 2);
    // Two repetitions are two independent samples.
    expect([...askedCounts().values()]).toEqual(Array(12 * 3).fill(2));
    const items = await t.itemsOf(batch.id);
    for (const { sharedFrom, repetition, inferenceId } of items) {
      if (sharedFrom === null) continue;
      const leader = items.find(({ position }) => position === sharedFrom);
      expect(leader).toMatchObject({ repetition, inferenceId, sharedFrom: null });
    }
    expect(items.filter(({ sharedFrom }) => sharedFrom !== null)).toHaveLength(10 * 3 * 2);
    expect(await t.batchService.reconcile(batch.id)).toMatchObject({ holds: true });
  });

  it('are asked each for itself otherwise', async () => {
    await t.run({ targets: targets.slice(2), concurrency: 20 }, same);
    expect(fake.requests).toHaveLength(22);
  });
});

it('a provider that refuses, cuts and stammers leaves one row to each call, and the retries in the record', async () => {
  const seen = new Set<unknown>();
  const good = { body: { model: 'm', choices: [{ message: { content: 'yes' }, finish_reason: 'stop' }] } };
  fake.respondWith(({ body }) => {
    const question = (body as { messages: { content: string }[] }).messages[0]?.content;
    if (seen.has(question)) return good;
    seen.add(question);
    if (seen.size % 5 === 1) return { status: 500, body: { error: { message: 'oops' } } };
    if (seen.size % 5 === 2) return { body: '{"id": "chatcmpl', ends: 'reset' };
    if (seen.size % 5 === 3) return { status: 429, body: {}, headers: { 'retry-after-ms': '20' } };
    return good;
  });
  const batch = await t.run({ targets: targets.slice(2), concurrency: 8 }, questionsOf(40));
  expect(batch.counts.outcomes).toMatchObject({ ok: 40 });
  expect(await t.inferences.countInferences({ batchId: batch.id })).toBe(fake.requests.length);
  const items = await t.itemsOf(batch.id);
  expect(items.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(fake.requests.length);
  expect(fake.requests).toHaveLength(40 + 24);
  expect(await t.batchService.reconcile(batch.id)).toMatchObject({ holds: true });
});
