import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type BatchDatabase,
  type OpenProcesses,
  openBatchDatabase,
  questionsOf,
} from '../services/support/open-batch-services.ts';
import { type FakeProvider, startFakeProvider } from '../support/fake-provider.ts';
import { vendorAnswer } from '../support/fake-vendor-answers.ts';

const items = 300;
const concurrency = 32;

let database: BatchDatabase;
let fake: FakeProvider;
let bad: FakeProvider;
let answered = 0;
/** Of the bad provider, when the good one had answered everything. */
let askedMeanwhile = 0;
beforeAll(async () => {
  [database, fake, bad] = await Promise.all([
    openBatchDatabase(),
    startFakeProvider({ record: false }),
    startFakeProvider(),
  ]);
  fake.respondWith((request) => {
    answered += 1;
    if (answered === items) askedMeanwhile = bad.requests.length;
    return { ...vendorAnswer(request), latencyMs: 10 };
  });
});
afterAll(async () => {
  await database?.close();
  await Promise.all([fake?.close(), bad?.close()]);
});
beforeEach(() => {
  bad.reset();
  answered = 0;
});

let opened = 0;
/** Providers under new names each time, because what is known of one outlives its batch. */
const open = (badUrl: string): { t: OpenProcesses; targets: { provider: string; model: string }[] } => {
  opened += 1;
  const urls = { [`good-${opened}`]: fake.baseUrls.compatible, [`bad-${opened}`]: badUrl };
  const providers = Object.entries(urls).map(([name, baseUrl]) => ({
    kind: 'compatible' as const,
    name,
    baseUrl,
    key: null,
  }));
  const targets = Object.keys(urls).map((provider) => ({ provider, model: 'm' }));
  return { t: database.open({ providers }), targets };
};

/** Waits until the good provider has answered everything, then ends the batch. What that takes is measured by a benchmark. */
const untilAnswered = async (badUrl: string) => {
  const { t, targets } = open(badUrl);
  const definition = { targets, concurrency, deadlineMs: 3000, maxAttempts: 2 };
  const id = await t.post(definition, questionsOf(items));
  for (const endsAt = Date.now() + 20_000; answered < items; ) {
    if (Date.now() > endsAt) throw new Error(`only ${answered} answers`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await t.batchService.cancel(id);
  await t.lanes.idle();
  const { counts } = await t.batchService.get(id);
  expect(counts.outcomes.ok).toBe(items);
  expect(await t.batchService.reconcile(id)).toMatchObject({ holds: true, inProgress: 0 });
  await database.closeProcesses();
};

describe('a provider beside one that', () => {
  it('is down gets all of its answers', () => untilAnswered('http://127.0.0.1:9/v1'), 40_000);

  it('never answers gets all of its answers, while the other holds one call of the whole batch', async () => {
    bad.respondWith({ ends: 'never' });
    await untilAnswered(bad.baseUrls.compatible);
    expect(askedMeanwhile).toBe(1);
  }, 40_000);

  it('is out of credit ends its share unasked, with the reason, and leaves the other all of its answers', async () => {
    bad.respondWith({ status: 402, body: { error: { message: 'insufficient credit' } } });
    const { t, targets } = open(bad.baseUrls.compatible);
    const { id, counts } = await t.run({ targets, concurrency: 16 }, questionsOf(100));
    expect(counts.outcomes).toMatchObject({ ok: 100, provider_error: 100 });
    const lost = (await t.itemsOf(id)).filter(({ targetIndex }) => targetIndex === 1);
    expect(new Set(lost.map(({ detail }) => detail))).toEqual(new Set(['out_of_credit']));
    // Ten answers, and what was under way or begun by then.
    expect(bad.requests.length).toBeLessThan(10 + 2 * 16);
    expect(bad.requests.length).toBe(lost.filter(({ attempts }) => attempts > 0).length);
  });
});
