import { type CommonQueryMethods, sql } from 'slonik';
import type { RetryRequest } from './batch-repository.ts';

/**
 * Settles what nobody has begun as `cancelled`; what is under way goes on to its end. Items that share the answer of one under
 * way wait for it. Wants the lock of the batch.
 */
export const stopBatch = async (transaction: CommonQueryMethods, id: string, now: Date): Promise<void> => {
  const { rowCount } = await transaction.query(sql.unsafe`
    update batches set status = 'cancelling' where id = ${id} and finished_at is null`);
  if (rowCount === 0) return;
  await transaction.query(sql.unsafe`
    update batch_items as i set
      state = 'settled', outcome = 'cancelled', detail = null, settled_at = ${now.toISOString()}, run_id = null
    where i.batch_id = ${id} and i.state = 'pending' and not exists (
      select 1 from batch_items as leader
      where leader.batch_id = i.batch_id and leader.position = i.shared_from and leader.state = 'leased'
    )`);
};

/**
 * Makes items with these outcomes pending again and opens the batch under its next generation. Items that share an answer go
 * with the one that is asked. Wants the lock of the batch. @returns how many items
 */
export const retryItems = async (
  transaction: CommonQueryMethods,
  { batchId, outcomes, now }: RetryRequest,
): Promise<number> => {
  const chosen = sql.array([...outcomes], 'text');
  const { rowCount } = await transaction.query(sql.unsafe`
    update batch_items as i set
      state = 'pending',
      outcome = null,
      detail = null,
      settled_at = null,
      not_before = '-infinity',
      attempts = 0
    from batches as b
    where b.id = ${batchId} and b.status <> 'cancelling' and i.batch_id = b.id and i.state = 'settled' and (
      (i.shared_from is null and i.outcome = any(${chosen}))
      or exists (
        select 1 from batch_items as leader
        where leader.batch_id = i.batch_id and leader.position = i.shared_from
          and leader.state = 'settled' and leader.outcome = any(${chosen})
      )
    )`);
  if (rowCount === 0) return 0;
  await transaction.query(sql.unsafe`
    update batches set
      status = case when status in ('running', 'paused') then status else 'queued' end,
      generation = generation + 1,
      finished_at = null,
      progressed_at = ${now.toISOString()}
    where id = ${batchId}`);
  return rowCount;
};
