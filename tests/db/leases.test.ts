import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exampleAttemptSettlement, exampleSettlement } from '../support/example-rows.ts';
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

describe('leasing', () => {
  const targets = ['lease-a', 'lease-b', 'lease-c'].map((provider) => ({ provider, model: 'm' }));

  it('takes evenly of each target, in order', async () => {
    const batch = await open.insert({ targets }, exampleInputs(10));
    const worker = createWorker(open.batches);
    const items = await worker.lease(batch.id, 6);
    expect(items.map(({ itemKey, targetIndex }) => `${itemKey} ${targetIndex}`)).toEqual([
      'item-0 0',
      'item-0 1',
      'item-0 2',
      'item-1 0',
      'item-1 1',
      'item-1 2',
    ]);
    const [only, ...others] = await worker.lease(batch.id, 1, at(1), [2]);
    expect(only).toMatchObject({ itemKey: 'item-2', targetIndex: 2 });
    expect(others).toEqual([]);
  });

  it('passes by the targets of a blocked provider, until it is open again', async () => {
    const batch = await open.insert({ targets }, exampleInputs(3));
    const worker = createWorker(open.batches);
    await open.batches.slowProvider({
      provider: 'lease-b',
      now: at(0),
      blockedUntil: at(20),
      slowDown: false,
    });
    const items = await worker.lease(batch.id, 100, at(1));
    expect(items.map(({ targetIndex }) => targetIndex)).toEqual([0, 2, 0, 2, 0, 2]);
    expect(await worker.lease(batch.id, 100, at(19))).toEqual([]);
    expect(await open.batches.nextReadyAt(batch.id, at(1))).toEqual(at(20));
    expect(await worker.lease(batch.id, 100, at(20))).toHaveLength(3);
    expect(await open.batches.nextReadyAt(batch.id, at(20))).toBeNull();
  });

  it('gives no item to two workers', async () => {
    const batch = await open.insert({}, exampleInputs(100));
    const repositories = [open.batches, open.openAnother(), open.openAnother(), open.openAnother()];
    const leased = await Promise.all(
      repositories.flatMap((repository) =>
        Array.from({ length: 5 }, () => createWorker(repository).lease(batch.id, 5)),
      ),
    );
    const positions = leased.flat().map(({ position }) => position);
    expect(new Set(positions).size).toBe(positions.length);
    // A worker that met a locked row may have got fewer; what is left is there for the next.
    const left = await createWorker(open.batches).lease(batch.id, 100);
    expect(positions.length + left.length).toBe(100);
  });

  it('puts a released item off, behind those that were never tried', async () => {
    const batch = await open.insert();
    const worker = createWorker(open.batches);
    const item = first(await worker.lease(batch.id, 1));
    await open.batches.releaseItems(
      [{ ...refOf(item), leaseToken: worker.leaseToken, notBefore: at(30) }],
      at(2),
    );
    expect(await open.batches.nextReadyAt(batch.id, at(3))).toEqual(at(3));
    expect((await worker.lease(batch.id, 10, at(29))).map(({ position }) => position)).toEqual([1, 2, 3]);
    expect(await open.batches.nextReadyAt(batch.id, at(29))).toEqual(at(30));
    expect(first(await worker.lease(batch.id, 10, at(30)))).toMatchObject({ position: 0, attempts: 0 });
  });

  it('asks again at a later time what a provider could not answer, each try with a run of its own', async () => {
    const batch = await open.insert({}, exampleInputs(1));
    const worker = createWorker(open.batches);
    const item = first(await worker.lease(batch.id, 1));
    const { run } = await worker.begin(item);
    await open.batches.settleItem(settlementOf(item, run, { outcome: 'provider_error' }, at(40)));
    expect(await open.batches.batchCounts(batch.id, at(4))).toMatchObject({ pending: 1, inProgress: 0 });
    expect(await open.batches.nextReadyAt(batch.id, at(4))).toEqual(at(40));
    const again = first(await worker.lease(batch.id, 1, at(40)));
    expect(again.attempts).toBe(1);
    const second = await worker.begin(again, at(41));
    await open.batches.settleItem(settlementOf(again, second.run));
    expect(await open.inferences.countInferences({ batchId: batch.id })).toBe(2);
    expect(await open.batches.findBatch(batch.id)).toMatchObject({ status: 'completed' });
    expect(await open.batches.reconcileBatch(batch.id)).toMatchObject({ holds: true });
  });
});

describe('steps that are repeated because their answer was lost', () => {
  it('begin and settle once', async () => {
    const batch = await open.insert({}, exampleInputs(1));
    const worker = createWorker(open.batches);
    const item = first(await worker.lease(batch.id, 1));
    const { run } = await worker.begin(item);
    const beginning = { ...refOf(item), leaseToken: worker.leaseToken, run, reserved: false };
    expect(await open.batches.beginItem(beginning)).toBe(true);
    expect((await worker.begin(item)).isBegun).toBe(false);
    expect(await open.inferences.countInferences({ batchId: batch.id })).toBe(1);
    await open.batches.settleItem(settlementOf(item, run));
    await open.batches.settleItem(settlementOf(item, run, { outcome: 'timeout' }));
    expect((await open.batches.batchCounts(batch.id, at(4))).outcomes).toMatchObject({ ok: 1, timeout: 0 });
    expect(await open.inferences.findInference(run.id)).toMatchObject({ outcome: 'ok' });
  });

  it('record the outcome even where the raw answer cannot be stored', async () => {
    const batch = await open.insert();
    const worker = createWorker(open.batches);
    const raw = JSON.parse(`${'['.repeat(7000)}${']'.repeat(7000)}`);
    const items = await worker.lease(batch.id, 4);
    await Promise.all(
      items.map(async (item) => {
        const { run } = await worker.begin(item);
        const isBad = item.position === 2;
        const lastAttempt = exampleAttemptSettlement(run.attemptId, isBad ? { raw } : {});
        await open.batches.settleItem({
          ...refOf(item),
          run: exampleSettlement(run, { lastAttempt }),
          askAgainAt: null,
        });
      }),
    );
    expect((await open.batches.batchCounts(batch.id, at(4))).outcomes.ok).toBe(4);
    expect(await open.batches.findBatch(batch.id)).toMatchObject({ status: 'completed' });
  });
});
