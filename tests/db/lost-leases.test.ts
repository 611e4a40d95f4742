import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  at,
  createWorker,
  exampleInputs,
  first,
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

const everything = { limit: 1000, maxAttempts: 3 };

describe('a lost lease', () => {
  // Those of the tests before.
  beforeEach(() => open.batches.expireLeases(at(100_000), { limit: 10_000, maxAttempts: 1 }));

  it('lets nothing begin, and can be taken by another', async () => {
    const batch = await open.insert({}, exampleInputs(1));
    const [dead, alive] = [createWorker(open.batches), createWorker(open.batches)];
    const item = first(await dead.lease(batch.id, 1, at(1)));
    expect(await open.batches.expireLeases(at(61), everything)).toBe(0);
    expect(await open.batches.expireLeases(at(62), everything)).toBe(1);
    const taken = first(await alive.lease(batch.id, 1, at(62)));
    expect(taken.attempts).toBe(0);
    expect((await dead.begin(item, at(63))).isBegun).toBe(false);
    await open.batches.releaseItems(
      [{ ...refOf(item), leaseToken: dead.leaseToken, notBefore: null }],
      at(63),
    );
    expect((await alive.begin(taken, at(64))).isBegun).toBe(true);
    expect(await open.inferences.countInferences({ batchId: batch.id })).toBe(1);
  });

  it('leaves a call alone whose run may still be answered', async () => {
    const batch = await open.insert({}, exampleInputs(1));
    const worker = createWorker(open.batches);
    await worker.begin(first(await worker.lease(batch.id, 1, at(1))), at(2));
    expect(await open.batches.expireLeases(at(92), everything)).toBe(0);
    expect(await open.batches.expireLeases(at(93), everything)).toBe(1);
  });

  it('makes the run an unknown outcome and asks again', async () => {
    const batch = await open.insert({}, exampleInputs(1));
    const worker = createWorker(open.batches);
    const { run } = await worker.begin(first(await worker.lease(batch.id, 1)));
    expect(await open.batches.expireLeases(at(200), everything)).toBe(1);
    expect(await open.inferences.findInference(run.id)).toMatchObject({
      outcome: 'unknown_outcome',
      detail: 'lease_expired',
      attempts: [{ outcome: 'unknown_outcome' }],
    });
    expect(first(await worker.lease(batch.id, 1, at(201)))).toMatchObject({ attempts: 1 });
  });

  it('counts as missing where the batch says so, or has been begun too often', async () => {
    const batch = await open.insert({ onUnknown: 'missing' }, exampleInputs(1));
    const worker = createWorker(open.batches);
    await worker.begin(first(await worker.lease(batch.id, 1)));
    await open.inferences.sweepExpiredRuns(at(200), 100);
    expect(await open.batches.expireLeases(at(200), everything)).toBe(1);
    expect(await open.batches.findBatch(batch.id)).toMatchObject({ status: 'completed' });
    expect((await open.batches.batchCounts(batch.id, at(200))).outcomes.unknown_outcome).toBe(1);
    expect(await open.batches.reconcileBatch(batch.id)).toMatchObject({ holds: true });

    const poison = await open.insert({}, exampleInputs(1));
    for (const seconds of [1000, 2000, 3000]) {
      await worker.begin(first(await worker.lease(poison.id, 1, at(seconds))), at(seconds));
      expect(await open.batches.expireLeases(at(seconds + 999), everything)).toBe(1);
    }
    expect((await open.batches.batchCounts(poison.id, at(4000))).outcomes.unknown_outcome).toBe(1);
  });

  it('still takes a late answer, but not once somebody has begun anew', async () => {
    const batch = await open.insert({}, exampleInputs(2));
    const [slow, quick] = [createWorker(open.batches), createWorker(open.batches)];
    const [saved, replaced] = await slow.lease(batch.id, 2);
    if (saved === undefined || replaced === undefined) throw new Error('nothing leased');
    const [late, later] = [await slow.begin(saved), await slow.begin(replaced)];
    expect(await open.batches.expireLeases(at(200), everything)).toBe(2);

    await open.batches.settleItem(settlementOf(saved, late.run, { settledAt: at(201) }));
    const [again, ...others] = await quick.lease(batch.id, 2, at(202));
    expect(others).toEqual([]);
    expect(again?.position).toBe(replaced.position);
    if (again === undefined) return;
    const anew = await quick.begin(again, at(203));
    await open.batches.settleItem(
      settlementOf(replaced, later.run, { settledAt: at(204), text: 'too late' }),
    );
    expect(await open.batches.batchCounts(batch.id, at(204))).toMatchObject({
      inProgress: 1,
      outcomes: { ok: 1 },
    });
    await open.batches.settleItem(settlementOf(again, anew.run, { settledAt: at(205), text: 'in time' }));
    const { data } = await open.batches.listBatchResults(batch.id, { limit: 10, maxBytes: 1e6 });
    expect(data.map(({ text }) => text)).toEqual(['Forty-two.', 'in time']);
    // Both answers of the second were paid for.
    expect(await open.batches.batchSpend(batch.id)).toMatchObject({ costUsd: '0.000369' });
    expect(await open.batches.reconcileBatch(batch.id)).toMatchObject({ holds: true });
  });

  it('takes a late answer in the place of a missing one', async () => {
    const batch = await open.insert({ onUnknown: 'missing' }, exampleInputs(1));
    const worker = createWorker(open.batches);
    const item = first(await worker.lease(batch.id, 1));
    const { run } = await worker.begin(item);
    await open.batches.expireLeases(at(200), everything);
    await open.batches.settleItem(settlementOf(item, run, { settledAt: at(300) }));
    expect((await open.batches.batchCounts(batch.id, at(300))).outcomes).toMatchObject({
      ok: 1,
      unknown_outcome: 0,
    });
    expect(await open.batches.findBatch(batch.id)).toMatchObject({
      status: 'completed',
      finishedAt: at(200).toISOString(),
    });
    expect(await open.batches.reconcileBatch(batch.id)).toMatchObject({ holds: true });
  });
});
