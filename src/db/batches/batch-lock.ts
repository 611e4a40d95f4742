import { type CommonQueryMethods, type DatabaseTransactionConnection, sql } from 'slonik';
import { z } from 'zod';
import { Id } from '../../contract/common.ts';

const LockedBatch = z.object({ id: Id });

/**
 * Runs `work` in a transaction that holds the rows of these batches, then finishes those that have no open item left. An item
 * enters and leaves `settled` only here. The statements after the lock see what the holders before it committed, so of
 * several workers that settle the last items the last one always knows; group commit keeps their number small.
 */
export const withBatchLock = async <Result>(
  connection: CommonQueryMethods,
  batchIds: readonly string[],
  now: Date,
  work: (transaction: DatabaseTransactionConnection) => Promise<Result>,
): Promise<Result> => {
  const ids = sql.array([...new Set(batchIds)], 'uuid');
  return connection.transaction(async (transaction) => {
    // In order of id, so that two transactions never wait for each other.
    await transaction.any(sql.type(LockedBatch)`
      select id from batches where id = any(${ids}) order by id for no key update`);
    const result = await work(transaction);
    await transaction.query(sql.unsafe`
      update batches as b set
        progressed_at = greatest(b.progressed_at, ${now.toISOString()}),
        status = case
          when open.has_items or b.finished_at is not null then b.status
          when b.status = 'cancelling' then 'cancelled'
          else 'completed'
        end,
        finished_at = case when open.has_items then null else coalesce(b.finished_at, ${now.toISOString()}) end
      from (
        select id, exists (
          select 1 from batch_items as i
          where i.batch_id = held.id and i.state = 'pending' and i.shared_from is null
        ) or exists (
          select 1 from batch_items as i where i.batch_id = held.id and i.state = 'leased'
        ) as has_items
        from unnest(${ids}) as held (id)
      ) as open
      where b.id = open.id`);
    return result;
  });
};
