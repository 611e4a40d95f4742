import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import { type RowColumn, unnestRows } from '../unnest-rows.ts';
import type { ReservationRequest, ReservationResult } from './limits-repository.ts';

type Asked = ReservationRequest & { ordinal: number };

const requestColumns: readonly RowColumn<Asked>[] = [
  ['ordinal', 'int4', (request) => request.ordinal],
  ['run_id', 'uuid', (request) => request.runId],
  ['usd', 'numeric', (request) => request.usd],
  ['tokens', 'int8', (request) => request.tokens],
  ['expires_at', 'timestamptz', (request) => request.expiresAt.toISOString()],
];

const ResultRow = z.object({ result: z.enum(['granted', 'later', 'never']) });

/**
 * Reserves in one statement: the budgets' rows are locked, as many requests as fit are taken in order, and the sum is added to
 * what is reserved. Because the rows stay locked until the commit, `spent + reserved <= cap` holds for any number of callers.
 * From the first request that doesn't fit on none is granted; `reserveFromBudgets` asks for those again one by one.
 */
const reserveTogether = async (
  connection: CommonQueryMethods,
  budgetIds: readonly string[],
  requests: readonly ReservationRequest[],
): Promise<ReservationResult[]> => {
  const ids = sql.array([...budgetIds], 'uuid');
  const asked = requests.map((request, ordinal) => ({ ...request, ordinal }));
  return [
    ...(await connection.anyFirst(sql.type(ResultRow)`
      with budget as materialized (
        select
          id,
          cap_usd - spent_usd as left_usd,
          cap_tokens - spent_tokens as left_tokens,
          cap_usd - spent_usd - reserved_usd as free_usd,
          cap_tokens - spent_tokens - reserved_tokens as free_tokens
        from budgets
        where id = any(${ids})
        order by id
        for update
      ), known as (
        select count(*) = cardinality(${ids}) as all_known from budget
      ), asked as (
        select
          given.*,
          sum(usd) over (order by ordinal) as sum_usd,
          sum(tokens) over (order by ordinal) as sum_tokens
        from ${unnestRows(asked, requestColumns)}
      ), granted as materialized (
        select asked.*
        from asked cross join known
        where known.all_known and not exists (
          select 1 from budget where asked.sum_usd > budget.free_usd or asked.sum_tokens > budget.free_tokens
        )
      ), reservation as (
        insert into reservations (run_id, budget_id, usd, tokens, expires_at)
        select granted.run_id, budget.id, granted.usd, granted.tokens, granted.expires_at
        from granted cross join budget
      ), total as (
        select sum(usd) as usd, sum(tokens)::bigint as tokens from granted having count(*) > 0
      ), taken as (
        update budgets as b set
          reserved_usd = b.reserved_usd + total.usd,
          reserved_tokens = b.reserved_tokens + total.tokens
        from total, budget
        where b.id = budget.id
      )
      select case
        when granted.run_id is not null then 'granted'
        when not known.all_known or exists (
          select 1 from budget where asked.usd > budget.left_usd or asked.tokens > budget.left_tokens
        ) then 'never'
        else 'later'
      end as result
      from asked
      cross join known
      left join granted on granted.ordinal = asked.ordinal
      order by asked.ordinal`)),
  ];
};

/** Each request for itself, in order; one statement when all fit. */
export const reserveFromBudgets = async (
  connection: CommonQueryMethods,
  budgetIds: readonly string[],
  requests: readonly ReservationRequest[],
): Promise<ReservationResult[]> => {
  if (requests.length === 0) return [];
  const results = await reserveTogether(connection, budgetIds, requests);
  const firstRefused = results.findIndex((result) => result !== 'granted');
  if (firstRefused === -1 || requests.length === 1) return results;
  // Behind one that is too dear there may be others that are not.
  for (const [index, request] of requests.entries()) {
    if (index <= firstRefused || results[index] !== 'later') continue;
    const [alone] = await reserveTogether(connection, budgetIds, [request]);
    if (alone !== undefined) results[index] = alone;
  }
  return results;
};
