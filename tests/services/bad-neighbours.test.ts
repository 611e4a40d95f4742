import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type FakeProvider, type FakeRequest, startFakeProvider } from '../support/fake-provider.ts';
import { vendorAnswer } from '../support/fake-vendor-answers.ts';
import {
  type BatchDatabase,
  type OpenProcesses,
  openBatchDatabase,
  questionsOf,
} from './support/open-batch-services.ts';

const latencyMs = 50;
const items = 1000;
const concurrency = 32;

let database: BatchDatabase;
let fake: FakeProvider;
let bad: FakeProvider;
let answered = 0;
beforeAll(async () => {
  [database, fake, bad] = await Promise.all([
    openBatchDatabase(),
    startFakeProvider({ record: false }),
    startFakeProvider(),
  ]);
  fake.respondWith((request) => {
    answered += 1;
    return { ...vendorAnswer(request), latencyMs };
  });
});
afterAll(async () => {
  await database?.close();
  await Promise.all([fake?.close(), bad?.close()]);
});
beforeEach(() => bad.reset());

let opened = 0;
/** Providers under new names each time, because what is known of one outlives its batch. */
const open = (
  badUrl: string | null,
): { t: OpenProcesses; targets: { provider: string; model: string }[] } => {
  opened += 1;
  const names = [`good-${opened}`, ...(badUrl === null ? [] : [`bad-${opened}`])];
  const urls = [fake.baseUrls.compatible, badUrl ?? ''];
  const providers = names.map((name, index) => ({
    kind: 'compatible' as const,
    name,
    baseUrl: urls[index] ?? '',
    key: null,
  }));
  return { t: database.open({ providers }), targets: names.map((provider) => ({ provider, model: 'm' })) };
};

/** Answers of the good provider in a second, from the start of the batch to the last of them. */
const throughput = async (badUrl: string | null): Promise<number> => {
  const { t, targets } = open(badUrl);
  answered = 0;
  const definition = { targets, concurrency, deadlineMs: 4000, maxAttempts: 2 };
  const id = await t.post(definition, questionsOf(items));
  const startedAt = performance.now();
  while (answered < items) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (performance.now() - startedAt > 25_000) throw new Error(`only ${answered} answers`);
  }
  const perSecond = items / ((performance.now() - startedAt + latencyMs) / 1000);
  await t.batchService.cancel(id);
  await t.lanes.idle();
  const { counts } = await t.batchService.get(id);
  expect(counts.outcomes.ok).toBe(items);
  expect(await t.batchService.reconcile(id)).toMatchObject({ holds: true, inProgress: 0 });
  await database.closeProcesses();
  return perSecond;
};

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const misbehaviours: [string, () => string, ((request: FakeRequest) => object) | null][] = [
  ['is down', () => 'http://127.0.0.1:9/v1', null],
  [
    'is out of credit',
    () => bad.baseUrls.compatible,
    () => ({ status: 402, body: { error: { message: 'insufficient credit' } } }),
  ],
  ['never answers', () => bad.baseUrls.compatible, () => ({ ends: 'never' })],
];

/** Three alternations, all of which count: the median of the three ratios, and whether the controls differ by a tenth. */
const alternate = async (what: string, url: () => string, answer: (typeof misbehaviours)[number][2]) => {
  const controls: number[] = [];
  const ratios: number[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    const alone = await throughput(null);
    bad.respondWith(answer);
    controls.push(alone);
    ratios.push((await throughput(url())) / alone);
  }
  const isNoisy = Math.min(...controls) < 0.9 * Math.max(...controls);
  const shown = ratios.map((ratio) => ratio.toFixed(3)).join(', ');
  const alone = controls.map((perSecond) => perSecond.toFixed(0)).join(', ');
  process.stdout.write(
    `beside one that ${what}: ratios ${shown}; alone ${alone} answers a second${isNoisy ? ' (noisy)' : ''}\n`,
  );
  return { ratio: median(ratios), isNoisy };
};

describe('a provider beside one that', () => {
  // What only the first calls of a process pay for would count for one side alone.
  beforeAll(() => throughput(null));

  it.each(misbehaviours)(
    '%s answers nine tenths of what it answers alone, or more',
    async (what, url, answer) => {
      const first = await alternate(what, url, answer);
      // Decided by whether the runs without the bad one agree, never by how the comparison came out.
      const { ratio } = first.isNoisy ? await alternate(what, url, answer) : first;
      expect(ratio).toBeGreaterThanOrEqual(0.9);
    },
    120_000,
  );

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
