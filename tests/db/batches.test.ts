import { randomUUIDv7 } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  at,
  createWorker,
  exampleInputs,
  type OpenBatches,
  openBatches,
  refOf,
  settlementOf,
} from '../support/open-batches.ts';

let open: OpenBatches;
beforeAll(async () => {
  open = await openBatches();
});
afterAll(() => open.close());

const sumOf = (counts: Awaited<ReturnType<OpenBatches['batches']['batchCounts']>>) =>
  counts.pending + counts.inProgress + Object.values(counts.outcomes).reduce((sum, count) => sum + count, 0);

describe('the life of a batch', () => {
  it('runs from its first lease and is completed with its last item', async () => {
    const batch = await open.insert();
    const worker = createWorker(open.batches);
    const items = await worker.lease(batch.id, 10);
    expect(items.map(({ position }) => position)).toEqual([0, 1, 2, 3]);
    expect(items[0]?.messages).toEqual([{ role: 'user', content: 'Question 0?' }]);
    expect(await open.batches.findBatch(batch.id)).toMatchObject({ status: 'running' });
    for (const [index, item] of items.entries()) {
      const counts = await open.batches.batchCounts(batch.id, at(3));
      expect(counts).toMatchObject({ planned: 4, inProgress: 4 - index });
      expect(sumOf(counts)).toBe(4);
      expect(await open.batches.findBatch(batch.id)).toMatchObject({ status: 'running', finishedAt: null });
      const { run, isBegun } = await worker.begin(item);
      expect(isBegun).toBe(true);
      await open.batches.settleItem(settlementOf(item, run));
    }
    expect(await open.batches.findBatch(batch.id)).toMatchObject({
      status: 'completed',
      finishedAt: at(3).toISOString(),
    });
    expect(await open.batches.batchSpend(batch.id)).toEqual({
      costUsd: '0.000492',
      unknownCostCount: 0,
      inputTokens: 20,
      outputTokens: 28,
      budget: null,
    });
    expect(await open.batches.reconcileBatch(batch.id)).toMatchObject({ rows: 4, settled: 4, holds: true });
  });

  it('is completed by whoever settles the last item, with many at once', async () => {
    const batch = await open.insert({}, exampleInputs(120));
    const repositories = [open.batches, open.openAnother(), open.openAnother()];
    await Promise.all(
      repositories.map(async (repository) => {
        const worker = createWorker(repository);
        for (;;) {
          const items = await worker.lease(batch.id, 7);
          if (items.length === 0) return;
          await Promise.all(
            items.map(async (item) => {
              const { run } = await worker.begin(item);
              await repository.settleItem(settlementOf(item, run));
            }),
          );
        }
      }),
    );
    expect(await open.batches.findBatch(batch.id)).toMatchObject({ status: 'completed' });
    const counts = await open.batches.batchCounts(batch.id, at(3));
    expect(counts.outcomes.ok).toBe(120);
    expect(await open.inferences.countInferences({ batchId: batch.id })).toBe(120);
  });

  it('leases nothing while it is paused, and goes on under the next generation', async () => {
    const batch = await open.insert();
    const worker = createWorker(open.batches);
    const [item] = await worker.lease(batch.id, 1);
    if (item === undefined) throw new Error('nothing leased');
    expect(await open.batches.pauseBatch(batch.id, at(2))).toMatchObject({ status: 'paused' });
    expect(await worker.lease(batch.id, 1)).toEqual([]);
    expect((await worker.begin(item)).isBegun).toBe(false);
    await open.batches.releaseItems(
      [{ ...refOf(item), leaseToken: worker.leaseToken, notBefore: null }],
      at(2),
    );
    expect(await open.batches.resumeBatch(batch.id, at(3))).toMatchObject({
      status: 'running',
      generation: 2,
    });
    expect(await worker.lease(batch.id, 10)).toHaveLength(4);
  });

  it('is cancelled at once where nothing is under way, otherwise with the last that is', async () => {
    const batch = await open.insert();
    const worker = createWorker(open.batches);
    const [asked, unasked] = await worker.lease(batch.id, 2);
    if (asked === undefined || unasked === undefined) throw new Error('nothing leased');
    const { run } = await worker.begin(asked);
    expect(await open.batches.cancelBatch(batch.id, at(3))).toMatchObject({ status: 'cancelling' });
    expect(await open.batches.batchCounts(batch.id, at(3))).toMatchObject({ pending: 0, inProgress: 2 });
    await open.batches.releaseItems(
      [{ ...refOf(unasked), leaseToken: worker.leaseToken, notBefore: at(9) }],
      at(3),
    );
    await open.batches.settleItem(settlementOf(asked, run, {}, at(60)));
    expect(await open.batches.findBatch(batch.id)).toMatchObject({ status: 'cancelled' });
    const { outcomes } = await open.batches.batchCounts(batch.id, at(3));
    expect(outcomes).toMatchObject({ ok: 1, cancelled: 3 });
    expect(await open.batches.reconcileBatch(batch.id)).toMatchObject({ holds: true });

    const idle = await open.insert();
    expect(await open.batches.cancelBatch(idle.id, at(3))).toMatchObject({ status: 'cancelled' });
    expect(await open.batches.cancelBatch(randomUUIDv7(), at(3))).toBeNull();
    expect(await open.batches.resumeBatch(idle.id, at(4))).toMatchObject({
      status: 'cancelled',
      generation: 1,
    });
  });

  it('asks again only what failed', async () => {
    const batch = await open.insert();
    const worker = createWorker(open.batches);
    for (const [index, item] of (await worker.lease(batch.id, 10)).entries()) {
      const { run } = await worker.begin(item);
      const outcome = index < 3 ? 'ok' : 'provider_error';
      await open.batches.settleItem(settlementOf(item, run, { outcome }));
    }
    expect(await open.batches.retryItems({ batchId: batch.id, outcomes: ['timeout'], now: at(9) })).toBe(0);
    expect(await open.batches.findBatch(batch.id)).toMatchObject({ status: 'completed', generation: 1 });
    expect(
      await open.batches.retryItems({ batchId: batch.id, outcomes: ['provider_error'], now: at(9) }),
    ).toBe(1);
    expect(await open.batches.findBatch(batch.id)).toMatchObject({
      status: 'queued',
      generation: 2,
      finishedAt: null,
    });
    const [again, ...others] = await worker.lease(batch.id, 10, at(10));
    expect(others).toEqual([]);
    expect(again).toMatchObject({ position: 3, attempts: 0 });
    if (again === undefined) return;
    const { run } = await worker.begin(again, at(11));
    await open.batches.settleItem(settlementOf(again, run));
    expect((await open.batches.batchCounts(batch.id, at(12))).outcomes.ok).toBe(4);
    expect(await open.batches.findBatch(batch.id)).toMatchObject({ status: 'completed' });
    expect(await open.batches.reconcileBatch(batch.id)).toMatchObject({ holds: true });
  });
});

describe('what the tick looks for', () => {
  it('names unfinished batches, and lets one caller take the next generation', async () => {
    const [stalled, paused] = [await open.insert({ createdAt: at(-1000) }), await open.insert()];
    await open.batches.pauseBatch(paused.id, at(1));
    const found = await open.batches.listUnfinishedBatches(at(1), 1000);
    expect(found[0]).toEqual({
      id: stalled.id,
      generation: 1,
      status: 'queued',
      progressedAt: at(-1000).toISOString(),
      inProgress: 0,
    });
    expect(found.map(({ id }) => id)).not.toContain(paused.id);
    const raised = await Promise.all(
      Array.from({ length: 5 }, () => open.batches.raiseGeneration(stalled.id, 1, at(2))),
    );
    expect(raised.filter(Boolean)).toHaveLength(1);
    expect(await open.batches.findBatch(stalled.id)).toMatchObject({ generation: 2 });
  });
});
