import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BatchEstimate, BatchReconciliation } from '../../src/contract/batch.ts';
import { createBatchApp, echo, itemsOf, priced, unpriced } from './support/create-batch-app.ts';

const path = '/api/v1/batches';
const batchApp = createBatchApp();
const { act, countBatches, create, detailOf, post, provider, refusal, resultsOf, run, send } = batchApp;
beforeAll(batchApp.open);
afterAll(batchApp.close);

describe('what a batch may cost', () => {
  it('is no cap without a price', async () => {
    const body = { targets: [echo, unpriced], items: itemsOf(1) };
    const problem = await refusal(post(path, { ...body, maxCostUsd: '1' }), 422, 'price_unknown');
    expect(problem.pointers).toEqual(['/targets/1/model']);
    await refusal(post(`${path}/estimate`, { ...body, maxCostUsd: '1' }), 422, 'price_unknown');
    const estimate = BatchEstimate.parse(await (await post(`${path}/estimate`, body)).json());
    expect(estimate).toMatchObject({ planned: 2, maxCostUsd: null, inputCostUsd: null });
    expect(estimate.targets.map(({ maxCostUsd }) => maxCostUsd === null)).toEqual([false, true]);
    expect((await post(path, { ...body, maxTokens: 100_000 })).status).toBe(202);
  });

  it.each([false, true])(
    'is what the estimate says, and that is enough for all (shared: %s)',
    async (shareIdentical) => {
      const items = [...itemsOf(4), { itemKey: 'same', prompt: 'Question 0?' }];
      const body = {
        targets: [priced, { ...priced, parameters: { maxOutputTokens: 9 } }],
        items,
        repetitions: 2,
        shareIdentical,
      };
      const before = await countBatches();
      const response = await post(`${path}/estimate`, body);
      expect(response.status).toBe(200);
      const estimate = BatchEstimate.parse(await response.json());
      expect(await countBatches()).toBe(before);
      expect(estimate).toMatchObject({ planned: 20, asked: shareIdentical ? 16 : 20 });
      expect(estimate.maxCostUsd).toMatch(/^0\.\d+$/);
      const maxTokens = estimate.targets.reduce(
        (sum, target) => sum + target.maxInputTokens + target.maxOutputTokens,
        0,
      );
      const caps = { maxCostUsd: String(estimate.maxCostUsd), maxTokens };
      const done = await run(await create({ ...body, ...caps }));
      expect(done.counts.outcomes).toMatchObject({ budget_skipped: 0, ok: 20 });
      expect(Number(done.spend.costUsd)).toBeLessThanOrEqual(Number(estimate.maxCostUsd));
      expect(done.spend.budget).toMatchObject({ ...caps, reservedTokens: 0 });
      expect(Number(done.spend.budget?.reservedUsd)).toBe(0);
      expect(Number(done.spend.budget?.spentUsd)).toBe(Number(done.spend.costUsd));
      const proof = BatchReconciliation.parse(await (await send(`${path}/${done.id}/reconcile`)).json());
      expect(proof.holds).toBe(true);
    },
  );

  it('ends what does not fit as budget_skipped, and a retry asks it again', async () => {
    const done = await run(
      await create({ targets: [priced], items: itemsOf(2), maxCostUsd: '0.000000000001' }),
    );
    expect(done).toMatchObject({
      status: 'completed',
      counts: { outcomes: { budget_skipped: 2 } },
      spend: { costUsd: '0' },
    });
    const openai = await resultsOf(done.id, 'format=openai');
    expect(JSON.parse(openai.lines[0] ?? '')).toMatchObject({
      response: null,
      error: { code: 'budget_skipped' },
    });
    const again = await detailOf(await act(done.id, 'retry-failed'));
    expect(again).toMatchObject({ generation: 2, counts: { pending: 2 }, finishedAt: null });
  });
});

describe('pages of results', () => {
  it('stay below 16 MiB with long answers, long labels and the longest JSON', async () => {
    const control = '\u0001'.repeat(300_000);
    provider().respondWith({
      body: {
        id: 'x',
        object: 'chat.completion',
        model: 'm',
        choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: control } }],
      },
    });
    const metadata = Object.fromEntries(
      Array.from({ length: 50 }, (_, n) => [`label-${n}`, 'ä'.repeat(2000)]),
    );
    const items = itemsOf(30).map((item, n) => (n < 20 ? { ...item, metadata } : item));
    const batch = await create({ targets: [unpriced], items });
    const done = await run(batch);
    expect(done.counts.outcomes.ok).toBe(30);
    const { pages, lines } = await resultsOf(batch.id, 'limit=10000');
    expect(pages.length).toBeGreaterThan(2);
    expect(Math.max(...pages.map((page) => Buffer.byteLength(page)))).toBeLessThan(16 * 1024 * 1024);
    expect(lines.map((line) => JSON.parse(line).position)).toEqual(Array.from({ length: 30 }, (_, n) => n));
    provider().respondWith(null);
  }, 30_000);

  it('count labels as well', async () => {
    const metadata = Object.fromEntries(
      Array.from({ length: 50 }, (_, n) => [`label-${n}`, '€'.repeat(2000)]),
    );
    const items = itemsOf(20).map((item) => ({ ...item, metadata }));
    const batch = await run(await create({ targets: [echo], items, repetitions: 5 }));
    const { pages, lines } = await resultsOf(batch.id, 'limit=10000');
    expect(lines).toHaveLength(100);
    expect(Math.max(...pages.map((page) => Buffer.byteLength(page)))).toBeLessThan(16 * 1024 * 1024);
  }, 30_000);
});
