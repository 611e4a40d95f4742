import { type CommonQueryMethods, sql } from 'slonik';
import { settleReservations } from '../limits/reservation-queries.ts';
import { settleRuns } from '../runs/run-queries.ts';
import { storableTextOrNull } from '../storable.ts';
import { type RowColumn, unnestRows } from '../unnest-rows.ts';
import type { ItemSettlement, UnsentItem } from './batch-repository.ts';

const settlementColumns: readonly RowColumn<ItemSettlement>[] = [
  ['batch_id', 'uuid', (item) => item.batchId],
  ['position', 'int4', (item) => item.position],
  ['run_id', 'uuid', (item) => item.run.runId],
  ['outcome', 'text', (item) => item.run.outcome],
  ['detail', 'text', (item) => storableTextOrNull(item.run.detail)],
  ['settled_at', 'timestamptz', (item) => item.run.settledAt.toISOString()],
  ['ask_again_at', 'timestamptz', (item) => item.askAgainAt?.toISOString() ?? null],
];

/**
 * Settles runs, their items, the items that share an answer, and reservations. Wants the lock of the batches. An item settles
 * only with its latest run, whether or not the lease still stands: a late answer is good as long as nobody began anew. It may
 * also take the place of `unknown_outcome`.
 */
export const settleItems = async (
  transaction: CommonQueryMethods,
  settlements: readonly ItemSettlement[],
): Promise<void> => {
  await settleRuns(
    transaction,
    settlements.map(({ run }) => run),
  );
  await settleReservations(
    transaction,
    settlements.map(({ run }) => ({
      runId: run.runId,
      usd: run.costUsd,
      tokens: tokensOf(run),
      settledAt: run.settledAt,
    })),
  );
  await transaction.query(sql.unsafe`
    with given as (
      select given.*, given.ask_again_at is not null and b.status in ('queued', 'running', 'paused') as again
      from ${unnestRows(settlements, settlementColumns)}
      join batches as b on b.id = given.batch_id
    ), target as (
      select given.*, given.again and i.state <> 'settled' as is_pending
      from given
      join batch_items as i on i.batch_id = given.batch_id and i.position = given.position
      where i.run_id = given.run_id and (i.state <> 'settled' or i.outcome = 'unknown_outcome')
      for update of i
    ), item as (
      update batch_items as i set
        state = case when target.is_pending then 'pending' else 'settled' end,
        outcome = case when target.is_pending then null else target.outcome end,
        detail = target.detail,
        settled_at = case when target.is_pending then null else target.settled_at end,
        not_before = coalesce(target.ask_again_at, i.not_before),
        lease_until = null,
        lease_token = null,
        begun = false
      from target
      where i.batch_id = target.batch_id and i.position = target.position and i.run_id = target.run_id
      returning i.batch_id, i.position, i.state, i.outcome, i.detail, i.settled_at, i.run_id
    )
    update batch_items as f set
      state = 'settled',
      outcome = item.outcome,
      detail = item.detail,
      settled_at = item.settled_at,
      run_id = item.run_id
    from item
    where item.state = 'settled' and f.batch_id = item.batch_id and f.shared_from = item.position`);
};

/** Tokens of both directions; none where the call certainly cost nothing; null when either is unknown. */
const tokensOf = ({ usage, costUsd }: ItemSettlement['run']): number | null => {
  if (usage === null) return costUsd !== null && Number(costUsd) === 0 ? 0 : null;
  return usage.inputTokens === null || usage.outputTokens === null
    ? null
    : usage.inputTokens + usage.outputTokens;
};

const unsentColumns: readonly RowColumn<UnsentItem>[] = [
  ['batch_id', 'uuid', (item) => item.batchId],
  ['position', 'int4', (item) => item.position],
  ['lease_token', 'uuid', (item) => item.leaseToken],
  ['outcome', 'text', (item) => item.outcome],
  ['detail', 'text', (item) => storableTextOrNull(item.detail)],
];

/** Settles leased items that were not begun, and those that share their answer. Wants the lock of the batches. */
export const settleUnsentItems = async (
  transaction: CommonQueryMethods,
  items: readonly UnsentItem[],
  now: Date,
): Promise<void> => {
  await transaction.query(sql.unsafe`
    with given as (
      select * from ${unnestRows(items, unsentColumns)}
    ), item as (
      update batch_items as i set
        state = 'settled',
        outcome = given.outcome,
        detail = given.detail,
        settled_at = ${now.toISOString()},
        run_id = null,
        lease_until = null,
        lease_token = null
      from given
      where i.batch_id = given.batch_id and i.position = given.position
        and i.state = 'leased' and i.lease_token = given.lease_token and not i.begun
      returning i.batch_id, i.position, i.outcome, i.detail
    )
    update batch_items as f set
      state = 'settled', outcome = item.outcome, detail = item.detail, settled_at = ${now.toISOString()}, run_id = null
    from item
    where f.batch_id = item.batch_id and f.shared_from = item.position and f.state <> 'settled'`);
};
