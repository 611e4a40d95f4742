import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import { type RowColumn, unnestRows } from '../unnest-rows.ts';

/** What a run came to; null: unknown, which spends what was reserved. */
export type ReservationSettlement = {
  runId: string;
  usd: string | null;
  tokens: number | null;
  settledAt: Date;
};

const settlementColumns: readonly RowColumn<ReservationSettlement>[] = [
  ['run_id', 'uuid', (run) => run.runId],
  ['usd', 'numeric', (run) => run.usd],
  ['tokens', 'int8', (run) => run.tokens],
  ['settled_at', 'timestamptz', (run) => run.settledAt.toISOString()],
];

/**
 * Turns reservations into spending, once. One that was spent in full because nobody knew is corrected by what is known later.
 * Runs without a reservation are passed over.
 */
export const settleReservations = async (
  connection: CommonQueryMethods,
  settlements: readonly ReservationSettlement[],
): Promise<void> => {
  await connection.query(sql.unsafe`
    with given as (
      -- A run may be settled twice in one group of rows.
      select distinct on (run_id) * from ${unnestRows(settlements, settlementColumns)}
    ), open as (
      select
        r.run_id,
        r.budget_id,
        r.settled_at is null as is_open,
        r.usd as reserved_usd,
        r.tokens as reserved_tokens,
        coalesce(r.spent_usd, 0) as old_usd,
        coalesce(r.spent_tokens, 0) as old_tokens,
        coalesce(given.usd, r.usd) as new_usd,
        coalesce(given.tokens, r.tokens) as new_tokens,
        given.usd is null or given.tokens is null as unknown,
        given.settled_at
      from reservations as r
      join given on given.run_id = r.run_id
      where r.settled_at is null or r.unknown
      order by r.run_id, r.budget_id
      for update of r
    ), settled as (
      update reservations as r set
        settled_at = open.settled_at,
        unknown = open.unknown,
        spent_usd = open.new_usd,
        spent_tokens = open.new_tokens
      from open
      where r.run_id = open.run_id and r.budget_id = open.budget_id
    ), change as (
      select
        budget_id,
        sum(new_usd - old_usd) as usd,
        sum(new_tokens - old_tokens)::bigint as tokens,
        coalesce(sum(reserved_usd) filter (where is_open), 0) as freed_usd,
        coalesce(sum(reserved_tokens) filter (where is_open), 0)::bigint as freed_tokens
      from open
      group by budget_id
    )
    update budgets as b set
      spent_usd = b.spent_usd + change.usd,
      spent_tokens = b.spent_tokens + change.tokens,
      reserved_usd = b.reserved_usd - change.freed_usd,
      reserved_tokens = b.reserved_tokens - change.freed_tokens
    from change
    where b.id = change.budget_id`);
};

const ExpiredReservation = z.object({ runId: z.uuid(), sent: z.boolean() });

/** Expired ones are spent when the question may have been sent, freed otherwise. Wants a transaction. @returns how many */
export const expireReservations = async (
  transaction: CommonQueryMethods,
  now: Date,
  limit: number,
): Promise<number> => {
  const expired = await transaction.any(sql.type(ExpiredReservation)`
    select run_id as "runId", sent
    from reservations
    where settled_at is null and expires_at < ${now.toISOString()}
    order by expires_at
    limit ${limit}
    for update skip locked`);
  await settleReservations(
    transaction,
    expired.map(({ runId, sent }) => ({
      runId,
      usd: sent ? null : '0',
      tokens: sent ? null : 0,
      settledAt: now,
    })),
  );
  return expired.length;
};

/** Frees what was reserved for runs that were never begun. */
export const cancelReservations = async (
  transaction: CommonQueryMethods,
  runIds: readonly string[],
  now: Date,
): Promise<void> => {
  const unsent = await transaction.any(sql.type(ExpiredReservation)`
    select run_id as "runId", sent
    from reservations
    where run_id = any(${sql.array([...runIds], 'uuid')}) and settled_at is null and not sent
    order by run_id
    for update`);
  await settleReservations(
    transaction,
    unsent.map(({ runId }) => ({ runId, usd: '0', tokens: 0, settledAt: now })),
  );
};
