import { randomUUIDv7 } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exampleRun } from '../support/example-rows.ts';
import {
  at,
  createWorker,
  exampleBatch,
  exampleInputs,
  type OpenBatches,
  openBatches,
} from '../support/open-batches.ts';

describe('queueFigures', () => {
  let open: OpenBatches;
  beforeAll(async () => {
    open = await openBatches();
  });
  afterAll(() => open.close());

  it('tells of nothing where there is nothing', async () => {
    expect(await open.batches.queueFigures('minute', at(0))).toEqual({
      pendingCount: 0,
      oldestLeaseAgeS: 0,
      tickAgeS: null,
      uploadCount: 0,
    });
  });

  it('counts what is pending, and how long leases are over and the tick is ago', async () => {
    const batch = exampleBatch();
    await open.batches.insertBatch(batch, exampleInputs(5));
    await open.batches.insertBatch(exampleBatch(), exampleInputs(2));
    await createWorker(open.batches).lease(batch.id, 3, at(0));
    await open.batches.claimTick('minute', at(0), 0);
    await open.batches.claimTick('another', at(40), 0);
    expect(await open.batches.queueFigures('minute', at(45))).toMatchObject({
      pendingCount: 4,
      tickAgeS: 45,
    });
    const { oldestLeaseAgeS } = await open.batches.queueFigures('minute', at(1));
    expect(oldestLeaseAgeS).toBe(0);
    const run = exampleRun({ id: randomUUIDv7(), createdAt: at(-600), leaseUntil: at(-500) });
    await open.inferences.insertRun(run);
    expect((await open.batches.queueFigures('minute', at(0))).oldestLeaseAgeS).toBe(500);
  });
});
