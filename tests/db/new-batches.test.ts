import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Batch } from '../../src/contract/batch.ts';
import { at, exampleBatch, exampleInputs, type OpenBatches, openBatches } from '../support/open-batches.ts';

let open: OpenBatches;
beforeAll(async () => {
  open = await openBatches();
});
afterAll(() => open.close());

const _insert = async (overrides: Parameters<typeof exampleBatch>[0] = {}, inputs = exampleInputs(4)) => {
  const batch = exampleBatch(overrides);
  await open.batches.insertBatch(batch, inputs);
  return batch;
};

const _sumOf = (counts: Awaited<ReturnType<OpenBatches['batches']['batchCounts']>>) =>
  counts.pending + counts.inProgress + Object.values(counts.outcomes).reduce((sum, count) => sum + count, 0);

describe('a new batch', () => {
  it('has an item for each question, target and repetition', async () => {
    const batch = exampleBatch({
      targets: [
        { provider: 'echo', model: 'a', parameters: { temperature: 0 } },
        { provider: 'openai', model: 'vendor/b' },
      ],
      repetitions: 3,
      maxCostUsd: '1.25',
      metadata: { study: 7 },
    });
    expect(await open.batches.insertBatch(batch, exampleInputs(2, { metadata: { line: 1 } }))).toBe(12);
    expect(await open.batches.findBatch(batch.id)).toEqual({
      id: batch.id,
      name: 'example',
      status: 'queued',
      generation: 1,
      targets: [
        { provider: 'echo', model: 'a', parameters: { temperature: 0 } },
        { provider: 'openai', model: 'vendor/b', parameters: {} },
      ],
      repetitions: 3,
      shareIdentical: false,
      concurrency: 8,
      onUnknown: 'resend',
      maxCostUsd: '1.25',
      maxTokens: null,
      maxAttempts: 5,
      deadlineMs: null,
      metadata: { study: 7 },
      apiKeyId: null,
      planned: 12,
      createdAt: at(0).toISOString(),
      startedAt: null,
      progressedAt: at(0).toISOString(),
      finishedAt: null,
    } satisfies Batch);
    const { data, nextCursor } = await open.batches.listBatchItems(batch.id, {}, { limit: 100 });
    expect(nextCursor).toBeNull();
    expect(data.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(new Set(data.map((i) => `${i.itemKey} ${i.targetIndex} ${i.repetition}`)).size).toBe(12);
    expect(data[1]).toMatchObject({
      provider: 'openai',
      model: 'vendor/b',
      state: 'pending',
      notBefore: null,
    });
    expect(data[0]?.metadata).toEqual({ line: 1 });
  });

  it('is stored as a whole or not at all', async () => {
    const batch = exampleBatch();
    const [first] = exampleInputs(1);
    if (first === undefined) throw new Error('no input');
    await expect(open.batches.insertBatch(batch, [...exampleInputs(1500), first])).rejects.toThrow();
    expect(await open.batches.findBatch(batch.id)).toBeNull();
  });

  it('is made once for an idempotency hash', async () => {
    const idempotency = { hash: `hash of ${exampleBatch().id}`, fingerprint: 'what was asked' };
    const batch = exampleBatch({ idempotency, maxAttempts: 2, deadlineMs: 5000 });
    expect(await open.batches.insertBatch(batch, exampleInputs(2))).toBe(2);
    expect(await open.batches.findBatch(batch.id)).toMatchObject({ maxAttempts: 2, deadlineMs: 5000 });
    const again = exampleBatch({ idempotency });
    expect(await open.batches.insertBatch(again, exampleInputs(2))).toBeNull();
    expect(await open.batches.findBatch(again.id)).toBeNull();
    expect(await open.batches.findIdempotentBatch(idempotency.hash)).toEqual({
      id: batch.id,
      fingerprint: idempotency.fingerprint,
    });
    expect(await open.batches.findIdempotentBatch('another hash')).toBeNull();
  });

  it('needs an item', async () => {
    await expect(open.batches.insertBatch(exampleBatch(), [])).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it('takes 50,000 questions from a stream', async () => {
    async function* stream() {
      for (const input of exampleInputs(50_000)) yield input;
    }
    const batch = exampleBatch();
    expect(await open.batches.insertBatch(batch, stream())).toBe(50_000);
    expect(await open.batches.batchCounts(batch.id, at(0))).toMatchObject({
      planned: 50_000,
      pending: 50_000,
    });
  }, 60_000);
});
