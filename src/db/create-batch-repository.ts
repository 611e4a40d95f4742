import * as counts from './batches/batch-count-queries.ts';
import { batchFailures } from './batches/batch-failure-queries.ts';
import { insertBatch } from './batches/batch-insert-queries.ts';
import * as items from './batches/batch-item-queries.ts';
import { withBatchLock } from './batches/batch-lock.ts';
import * as batches from './batches/batch-queries.ts';
import type { BatchRepository, ItemBeginning, ItemRef, ItemSettlement } from './batches/batch-repository.ts';
import { settleItems, settleUnsentItems } from './batches/batch-settle-queries.ts';
import { beginItems } from './batches/begin-queries.ts';
import { batchesWithExpiredLeases, expireLeasesOf } from './batches/expire-queries.ts';
import { leaseItems, nextReadyAt, releaseItems } from './batches/lease-queries.ts';
import { queueFigures } from './batches/queue-figures.ts';
import { retryItems, stopBatch } from './batches/stop-batch-queries.ts';
import type { LazyPool } from './create-pool.ts';
import { createGroupCommit } from './group-commit.ts';
import { isUnavailable } from './is-unavailable.ts';
import { createLimitsRepository } from './limits/create-limits-repository.ts';
import { settleRunsSafely } from './runs/settle-runs-safely.ts';
import { createScheduleRepository } from './schedules/create-schedule-repository.ts';
import { translateErrors } from './translate-errors.ts';

const maxRowsPerStatement = 200;
const maxBeginningsInFlight = 2;
/** Settlements of one batch wait for each other anyway; meanwhile rows gather. */
const maxSettlementsInFlight = 1;

const idsOf = (refs: readonly ItemRef[]): string[] => refs.map(({ batchId }) => batchId);

/**
 * The repository of batches over a pool, with group commit for `beginItem` and `settleItem`.
 * Every method @throws {AppError} database_unavailable (retryable) when the database cannot be reached.
 */
export const createBatchRepository = ({ pool }: { pool: LazyPool }): BatchRepository => {
  const connect = () => pool.connect();
  const isRowFault = (error: unknown) => !isUnavailable(error);

  type Beginning = { item: ItemBeginning; isBegun: boolean };
  const beginnings = createGroupCommit<Beginning>({
    isRowFault,
    maxRows: maxRowsPerStatement,
    maxInFlight: maxBeginningsInFlight,
    flush: async (rows) => {
      const begun = await beginItems(
        await connect(),
        rows.map(({ item }) => item),
      );
      for (const row of rows) row.isBegun = begun.has(row.item.run.id);
    },
  });

  const settle = async (rows: readonly ItemSettlement[]): Promise<void> =>
    withBatchLock(await connect(), idsOf(rows), latestOf(rows), (transaction) =>
      settleItems(transaction, rows),
    );
  const settlements = createGroupCommit<ItemSettlement>({
    isRowFault,
    maxRows: maxRowsPerStatement,
    maxInFlight: maxSettlementsInFlight,
    flush: (rows) =>
      settleRunsSafely({ rows, settle, change: (row, change) => ({ ...row, run: change(row.run) }) }),
  });

  const methods: BatchRepository = {
    ...createLimitsRepository(connect),
    ...createScheduleRepository(connect),

    queueFigures: async (tick, now) => queueFigures(await connect(), tick, now),
    insertBatch: async (batch, inputs) =>
      (await connect()).transaction((transaction) => insertBatch(transaction, batch, inputs)),
    findBatch: async (id) => batches.findBatch(await connect(), id),
    findIdempotentBatch: async (hash) => batches.findIdempotentBatch(await connect(), hash),
    listBatches: async (filter, page) => batches.listBatches(await connect(), filter, page),
    batchCounts: async (id, now) => counts.batchCounts(await connect(), id, now),
    batchSpend: async (id) => counts.batchSpend(await connect(), id),
    batchFailures: async (id) => batchFailures(await connect(), id),
    reconcileBatch: async (id) => counts.reconcileBatch(await connect(), id),
    listBatchItems: async (id, filter, page) => items.listBatchItems(await connect(), id, filter, page),
    listBatchResults: async (id, page) => items.listBatchResults(await connect(), id, page),

    leaseItems: async (request) => leaseItems(await connect(), request),
    beginItem: async (item) => {
      const row = { item, isBegun: false };
      await beginnings.add(row);
      return row.isBegun;
    },
    settleItem: (settlement) => settlements.add(settlement),
    settleUnsentItems: async (refs, now) =>
      withBatchLock(await connect(), idsOf(refs), now, (transaction) =>
        settleUnsentItems(transaction, refs, now),
      ),
    releaseItems: async (refs, now) =>
      withBatchLock(await connect(), idsOf(refs), now, (transaction) => releaseItems(transaction, refs, now)),
    expireLeases: async (now, options) => {
      const connection = await connect();
      let count = 0;
      for (const id of await batchesWithExpiredLeases(connection, now)) {
        const limit = options.limit - count;
        if (limit <= 0) break;
        count += await withBatchLock(connection, [id], now, (transaction) =>
          expireLeasesOf(transaction, id, now, { ...options, limit }),
        );
      }
      return count;
    },
    nextReadyAt: async (batchId, now, targetIndexes) =>
      nextReadyAt(await connect(), batchId, now, targetIndexes),

    pauseBatch: async (id) => batches.pauseBatch(await connect(), id),
    resumeBatch: async (id, now) => batches.resumeBatch(await connect(), id, now),
    cancelBatch: async (id, now) => {
      const connection = await connect();
      await withBatchLock(connection, [id], now, (transaction) => stopBatch(transaction, id, now));
      return batches.findBatch(connection, id);
    },
    retryItems: async (request) =>
      withBatchLock(await connect(), [request.batchId], request.now, (transaction) =>
        retryItems(transaction, request),
      ),
    listUnfinishedBatches: async (now, limit) => batches.listUnfinishedBatches(await connect(), now, limit),
    raiseGeneration: async (id, from, now) => batches.raiseGeneration(await connect(), id, from, now),
    close: async () => {
      await Promise.all([beginnings.close(), settlements.close()]);
    },
  };
  return translateErrors(methods);
};

const latestOf = (rows: readonly ItemSettlement[]): Date =>
  new Date(Math.max(...rows.map(({ run }) => run.settledAt.getTime())));
