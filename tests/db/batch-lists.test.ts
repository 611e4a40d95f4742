import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exampleAttemptSettlement } from '../support/example-rows.ts';
import {
  at,
  createWorker,
  exampleBatch,
  exampleInputs,
  type OpenBatches,
  openBatches,
  refOf,
  settlementOf,
} from '../support/open-batches.ts';

let open: OpenBatches;
const batch = exampleBatch({ createdAt: at(50) });
beforeAll(async () => {
  open = await openBatches();
  await open.batches.insertBatch(batch, exampleInputs(10, { metadata: { study: 'x' } }));
  const worker = createWorker(open.batches);
  const items = await worker.lease(batch.id, 8);
  for (const item of items.slice(0, 7)) {
    const { run } = await worker.begin(item);
    const outcome = item.position % 3 === 0 ? 'refused' : 'ok';
    await open.batches.settleItem(settlementOf(item, run, { outcome, text: 'x'.repeat(4000) }));
  }
});
afterAll(() => open.close());

describe('pages of items', () => {
  it('come in order of position, filtered by outcome or state', async () => {
    const positionsOf = async (filter: Parameters<OpenBatches['batches']['listBatchItems']>[1]) => {
      const positions: number[] = [];
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const page = await open.batches.listBatchItems(batch.id, filter, {
          limit: 2,
          cursor: cursor ?? undefined,
        });
        positions.push(...page.data.map(({ position }) => position));
        cursor = page.nextCursor;
      }
      return positions;
    };
    expect(await positionsOf({})).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await positionsOf({ outcome: 'refused' })).toEqual([0, 3, 6]);
    expect(await positionsOf({ state: 'in_progress' })).toEqual([7]);
    expect(await positionsOf({ state: 'pending' })).toEqual([8, 9]);
  });

  it.each(['nonsense', Buffer.from('["x"]').toString('base64url')])(
    'refuse the cursor %s',
    async (cursor) => {
      await expect(open.batches.listBatchItems(batch.id, {}, { limit: 2, cursor })).rejects.toMatchObject({
        code: 'invalid_request',
      });
    },
  );
});

describe('pages of results', () => {
  it('hold settled items with their answers, up to a number of bytes but one at least', async () => {
    const lengths: number[] = [];
    const positions: number[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await open.batches.listBatchResults(batch.id, {
        limit: 3,
        cursor: cursor ?? undefined,
        maxBytes: 10_200,
      });
      lengths.push(page.data.length);
      positions.push(...page.data.map(({ position }) => position));
      cursor = page.nextCursor;
    }
    expect(lengths).toEqual([2, 2, 2, 1]);
    expect(positions).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const tiny = await open.batches.listBatchResults(batch.id, { limit: 3, maxBytes: 1 });
    expect(tiny.data).toHaveLength(1);
    expect(tiny.data[0]).toMatchObject({
      itemKey: 'item-0',
      outcome: 'refused',
      text: 'x'.repeat(4000),
      costUsd: '0.000123',
      usage: { inputTokens: 5, outputTokens: 7 },
      metadata: { study: 'x' },
      error: null,
    });
    const all = await open.batches.listBatchResults(batch.id, { limit: 3, maxBytes: 1e6 });
    expect(all.data).toHaveLength(3);
    expect(all.nextCursor).not.toBeNull();
    expect(
      (await open.batches.listBatchResults(batch.id, { limit: 7, maxBytes: 1e6 })).nextCursor,
    ).toBeNull();
  });
});

describe('pages of batches', () => {
  it('come newest first, filtered by status', async () => {
    const ids = [];
    for (const seconds of [1, 2, 3]) {
      const each = exampleBatch({ createdAt: at(seconds) });
      await open.batches.insertBatch(each, exampleInputs(1));
      ids.unshift(each.id);
    }
    const first = await open.batches.listBatches({}, { limit: 2 });
    expect(first.data.map(({ id }) => id)).toEqual([batch.id, ids[0]]);
    const second = await open.batches.listBatches({}, { limit: 2, cursor: first.nextCursor ?? '' });
    expect(second).toMatchObject({ data: [{ id: ids[1] }, { id: ids[2] }], nextCursor: null });
    const running = await open.batches.listBatches({ status: 'running' }, { limit: 5 });
    expect(running.data.map(({ id }) => id)).toEqual([batch.id]);
  });
});

describe('failures of a batch', () => {
  it('are counted by cause, and told apart by what was said, words with digits aside', async () => {
    const failing = exampleBatch({
      targets: ['m-1', 'm-2'].map((model) => ({ provider: 'echo', model, parameters: {} })),
    });
    await open.batches.insertBatch(failing, exampleInputs(6));
    const worker = createWorker(open.batches);
    for (const item of await worker.lease(failing.id, 10)) {
      const { position, targetIndex } = item;
      if (position === 9) {
        await open.batches.settleUnsentItems(
          [
            {
              ...refOf(item),
              leaseToken: worker.leaseToken,
              outcome: 'budget_skipped',
              detail: 'cap_reached',
            },
          ],
          at(3),
        );
        continue;
      }
      const { run } = await worker.begin(item);
      const message =
        position === 8 ? 'The disk is full.' : `Worker ${position}a of 7 failed (id ${item.itemKey}).`;
      const failure = {
        outcome: 'provider_error' as const,
        detail: 'server_error',
        error: { code: 'server_error', message, retryable: true },
        lastAttempt: exampleAttemptSettlement(run.attemptId, { outcome: 'provider_error', httpStatus: 503 }),
      };
      await open.batches.settleItem(
        settlementOf(item, run, targetIndex === 0 ? failure : { outcome: 'refused', text: null }),
      );
    }
    const { failedCount, causes, omittedCauseCount } = await open.batches.batchFailures(failing.id);
    expect([failedCount, omittedCauseCount]).toEqual([10, 0]);
    const said = { count: 5, readCount: 5 };
    expect(causes).toMatchObject([
      {
        ...{ outcome: 'provider_error', detail: 'server_error', targetIndex: 0, model: 'm-1', ...said },
        messages: [
          {
            httpStatus: 503,
            code: 'server_error',
            message: 'Worker 0a of 7 failed (id item-0).',
            count: 4,
            example: { position: 0, itemKey: 'item-0' },
          },
          { message: 'The disk is full.', count: 1, example: { position: 8, itemKey: 'item-4' } },
        ],
      },
      { outcome: 'refused', detail: null, model: 'm-2', count: 4, messages: [{ message: null, count: 4 }] },
      {
        ...{ outcome: 'budget_skipped', detail: 'cap_reached', count: 1 },
        messages: [{ httpStatus: null, message: null, example: { itemKey: 'item-4', inferenceId: null } }],
      },
    ]);
    const positionsOf = async (filter: Parameters<OpenBatches['batches']['listBatchItems']>[1]) =>
      (await open.batches.listBatchItems(failing.id, filter, { limit: 50 })).data.map(
        ({ position }) => position,
      );
    expect(await positionsOf({ detail: 'server_error', targetIndex: 0 })).toEqual([0, 2, 4, 6, 8]);
    expect(await positionsOf({ detail: 'server_error', targetIndex: 1 })).toEqual([]);
    expect(await positionsOf({ outcome: 'refused', detail: 'none' })).toEqual([1, 3, 5, 7]);
    expect(await open.batches.batchFailures(batch.id)).toMatchObject({ failedCount: 3 });
  });
});
