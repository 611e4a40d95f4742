import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import { Id } from '../../contract/common.ts';
import { settleReservations } from '../limits/reservation-queries.ts';
import { giveUpRunsOf } from '../runs/run-queries.ts';

const BatchOfLease = z.object({ batchId: Id });

/** Batches with leases that have expired. */
export const batchesWithExpiredLeases = async (
  connection: CommonQueryMethods,
  now: Date,
): Promise<readonly string[]> =>
  connection.anyFirst(sql.type(BatchOfLease)`
    select b.id as "batchId"
    from batches as b
    where b.finished_at is null and exists (
      select 1 from batch_items as i
      where i.batch_id = b.id and i.state = 'leased' and i.lease_until < ${now.toISOString()}
    )
    order by b.id`);

const ExpiredItem = z.object({ runId: Id.nullable() });

/**
 * Items of one batch whose worker is gone. Not begun: pending again. Begun: its run, when that is past its own lease, becomes
 * `unknown_outcome`, and the item is asked again or settled. Wants the lock of the batch.
 * @returns how many items
 */
export const expireLeasesOf = async (
  transaction: CommonQueryMethods,
  batchId: string,
  now: Date,
  { limit, maxAttempts }: { limit: number; maxAttempts: number },
): Promise<number> => {
  const at = now.toISOString();
  const expired = await transaction.any(sql.type(ExpiredItem)`
    with expired as (
      select
        i.position,
        case when i.begun then i.run_id end as id,
        case
          when not i.begun then case when b.status = 'cancelling' then 'cancelled' end
          when r.outcome <> 'unknown_outcome' then r.outcome
          when b.status = 'cancelling' or b.on_unknown = 'missing' or i.attempts >= ${maxAttempts} then 'unknown_outcome'
        end as outcome,
        case when i.begun then coalesce(r.detail, 'lease_expired') end as detail
      from batch_items as i
      join batches as b on b.id = i.batch_id
      left join inference_runs as r on i.begun and r.id = i.run_id
      where i.batch_id = ${batchId} and i.state = 'leased' and i.lease_until < ${at}
        and (not i.begun or r.settled_at is not null or r.lease_until < ${at})
      order by i.lease_until
      limit ${limit}
      for update of i skip locked
    ), ${giveUpRunsOf(sql.fragment`expired`, now)}, item as (
      update batch_items as i set
        state = case when expired.outcome is null then 'pending' else 'settled' end,
        outcome = expired.outcome,
        detail = case when expired.outcome is not null then expired.detail end,
        settled_at = case when expired.outcome is not null then ${at}::timestamptz end,
        run_id = case when expired.outcome = 'cancelled' and expired.id is null then null else i.run_id end,
        lease_until = null,
        lease_token = null,
        begun = false
      from expired
      where i.batch_id = ${batchId} and i.position = expired.position
      returning i.position, i.outcome, i.detail, i.run_id, expired.id as given_up
    ), follower as (
      update batch_items as f set
        state = 'settled', outcome = item.outcome, detail = item.detail, settled_at = ${at}, run_id = item.run_id
      from item
      where f.batch_id = ${batchId} and f.shared_from = item.position and item.outcome is not null and f.state <> 'settled'
    )
    select given_up as "runId" from item`);
  const runs = expired.flatMap(({ runId }) => (runId === null ? [] : [runId]));
  if (runs.length > 0) {
    await settleReservations(
      transaction,
      runs.map((runId) => ({ runId, usd: null, tokens: null, settledAt: now })),
    );
  }
  return expired.length;
};
