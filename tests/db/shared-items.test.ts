import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  at,
  createWorker,
  type exampleBatch,
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

/** Questions 0, 2 and 3 are the same. */
const inputs = exampleInputs(4).map((input, index) => ({
  ...input,
  questionHash: index === 1 ? 'another' : 'the same',
}));

const insert = (overrides: Parameters<typeof exampleBatch>[0] = {}) =>
  open.insert({ shareIdentical: true, repetitions: 2, ...overrides }, inputs);

describe('identical items', () => {
  it('are asked once for each repetition, and share the answer', async () => {
    const batch = await insert();
    const worker = createWorker(open.batches);
    const items = await worker.lease(batch.id, 100);
    expect(items.map(({ itemKey, repetition }) => `${itemKey} ${repetition}`)).toEqual([
      'item-0 0',
      'item-0 1',
      'item-1 0',
      'item-1 1',
    ]);
    for (const item of items) {
      const { run } = await worker.begin(item);
      const text = `answer ${item.itemKey} ${item.repetition}`;
      await open.batches.settleItem(settlementOf(item, run, { text }));
    }
    const { data } = await open.batches.listBatchResults(batch.id, { limit: 100, maxBytes: 1e6 });
    expect(data.map(({ text, sharedFrom }) => [text, sharedFrom])).toEqual([
      ['answer item-0 0', null],
      ['answer item-0 1', null],
      ['answer item-1 0', null],
      ['answer item-1 1', null],
      ['answer item-0 0', 0],
      ['answer item-0 1', 1],
      ['answer item-0 0', 0],
      ['answer item-0 1', 1],
    ]);
    expect(await open.batches.findBatch(batch.id)).toMatchObject({ status: 'completed' });
    expect(await open.inferences.countInferences({ batchId: batch.id })).toBe(4);
    expect(await open.batches.batchSpend(batch.id)).toMatchObject({ costUsd: '0.000492' });
    expect(await open.batches.reconcileBatch(batch.id)).toMatchObject({ rows: 8, settled: 8, holds: true });
  });

  it('are each asked where the batch does not say so', async () => {
    const batch = await insert({ shareIdentical: false });
    expect(await createWorker(open.batches).lease(batch.id, 100)).toHaveLength(8);
  });

  it('fail, are skipped and are tried again together', async () => {
    const batch = await insert({ repetitions: 1 });
    const worker = createWorker(open.batches);
    const [asked, skipped] = await worker.lease(batch.id, 100);
    if (asked === undefined || skipped === undefined) throw new Error('nothing leased');
    const { run } = await worker.begin(asked);
    await open.batches.settleItem(settlementOf(asked, run, { outcome: 'provider_error' }));
    await open.batches.settleUnsentItems(
      [{ ...refOf(skipped), leaseToken: worker.leaseToken, outcome: 'budget_skipped', detail: 'cap' }],
      at(4),
    );
    const { outcomes } = await open.batches.batchCounts(batch.id, at(4));
    expect(outcomes).toMatchObject({ provider_error: 3, budget_skipped: 1 });
    expect(await open.batches.findBatch(batch.id)).toMatchObject({ status: 'completed' });

    const request = { batchId: batch.id, outcomes: ['provider_error'] as const, now: at(5) };
    expect(await open.batches.retryItems(request)).toBe(3);
    const again = await worker.lease(batch.id, 100, at(6));
    expect(again.map(({ position }) => position)).toEqual([0]);
    for (const item of again) {
      const second = await worker.begin(item, at(7));
      await open.batches.settleItem(settlementOf(item, second.run));
    }
    expect((await open.batches.batchCounts(batch.id, at(8))).outcomes).toMatchObject({
      ok: 3,
      budget_skipped: 1,
    });
    expect(await open.batches.reconcileBatch(batch.id)).toMatchObject({ holds: true });
  });

  it('wait for the one under way when the batch is cancelled', async () => {
    const batch = await insert({ repetitions: 1 });
    const worker = createWorker(open.batches);
    const [asked] = await worker.lease(batch.id, 1);
    if (asked === undefined) throw new Error('nothing leased');
    const { run } = await worker.begin(asked);
    await open.batches.cancelBatch(batch.id, at(3));
    expect(await open.batches.batchCounts(batch.id, at(3))).toMatchObject({
      pending: 2,
      inProgress: 1,
      outcomes: { cancelled: 1 },
    });
    await open.batches.settleItem(settlementOf(asked, run));
    expect((await open.batches.batchCounts(batch.id, at(4))).outcomes).toMatchObject({ ok: 3, cancelled: 1 });
    expect(await open.batches.findBatch(batch.id)).toMatchObject({ status: 'cancelled' });
  });
});
