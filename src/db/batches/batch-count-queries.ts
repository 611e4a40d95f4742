import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import type { BatchCounts, BatchReconciliation, BatchSpend } from '../../contract/batch.ts';
import { Money } from '../../contract/common.ts';
import { Outcome } from '../../contract/inference.ts';

const CountRow = z.object({
  planned: z.number(),
  state: z.enum(['pending', 'leased', 'settled']).nullable(),
  outcome: Outcome.nullable(),
  items: z.number(),
  recent: z.number(),
});

/** Counted from the rows in one statement, so that the sum is right at every moment. */
export const batchCounts = async (
  connection: CommonQueryMethods,
  id: string,
  now: Date,
): Promise<BatchCounts> => {
  const minuteAgo = new Date(now.getTime() - 60_000).toISOString();
  const rows = await connection.any(sql.type(CountRow)`
    select b.planned, i.state, i.outcome, count(i.position) as items,
      count(*) filter (where i.settled_at > ${minuteAgo}) as recent
    from batches as b
    left join batch_items as i on i.batch_id = b.id
    where b.id = ${id}
    group by b.planned, i.state, i.outcome`);
  const itemsIn = (state: string) =>
    rows.filter((row) => row.state === state).reduce((sum, { items }) => sum + items, 0);
  const itemsWith = (outcome: Outcome) => rows.find((row) => row.outcome === outcome)?.items ?? 0;
  return {
    planned: rows[0]?.planned ?? 0,
    pending: itemsIn('pending'),
    inProgress: itemsIn('leased'),
    outcomes: Object.fromEntries(
      Outcome.options.map((outcome) => [outcome, itemsWith(outcome)]),
    ) as BatchCounts['outcomes'],
    settledLastMinute: rows.reduce((sum, { recent }) => sum + recent, 0),
  };
};

const SpendRow = z.object({
  costUsd: Money,
  unknownCostCount: z.number(),
  inputTokens: z.number(),
  outputTokens: z.number(),
});

const BudgetRow = z.object({
  maxCostUsd: Money.nullable(),
  maxTokens: z.number().nullable(),
  spentUsd: Money,
  reservedUsd: Money,
  spentTokens: z.number(),
  reservedTokens: z.number(),
});

export const batchSpend = async (connection: CommonQueryMethods, id: string): Promise<BatchSpend> => {
  const spend = await connection.one(sql.type(SpendRow)`
    select
      coalesce(sum(cost_usd), 0) as "costUsd",
      count(*) filter (where cost_usd is null and status = 'settled') as "unknownCostCount",
      coalesce(sum(input_tokens), 0)::bigint as "inputTokens",
      coalesce(sum(output_tokens), 0)::bigint as "outputTokens"
    from inference_runs
    where batch_id = ${id}`);
  const budget = await connection.maybeOne(sql.type(BudgetRow)`
    select
      cap_usd as "maxCostUsd",
      cap_tokens as "maxTokens",
      spent_usd as "spentUsd",
      reserved_usd as "reservedUsd",
      spent_tokens as "spentTokens",
      reserved_tokens as "reservedTokens"
    from budgets
    where id = ${id}`);
  return { ...spend, budget };
};

const ReconcileRow = z.object({
  planned: z.number(),
  rows: z.number(),
  pending: z.number(),
  inProgress: z.number(),
  settled: z.number(),
  outcomeMismatches: z.number(),
  inferenceCostUsd: Money,
  attemptCostUsd: Money,
  budgetSpentUsd: Money.nullable(),
  reservationSpentUsd: Money.nullable(),
  holds: z.boolean(),
});

/**
 * Compares headline, items, inferences, calls and budget in one snapshot. Costs are compared where they are known: an inference
 * with an unknown call has no cost of its own.
 */
export const reconcileBatch = async (
  connection: CommonQueryMethods,
  id: string,
): Promise<BatchReconciliation | null> =>
  connection.maybeOne(sql.type(ReconcileRow)`
    with items as (
      select
        count(*) as rows,
        count(*) filter (where i.state = 'pending') as pending,
        count(*) filter (where i.state = 'leased') as in_progress,
        count(*) filter (where i.state = 'settled') as settled,
        count(*) filter (
          where i.state = 'settled' and i.run_id is not null and i.outcome is distinct from r.outcome
        ) as mismatches
      from batch_items as i
      left join inference_runs as r on r.id = i.run_id
      where i.batch_id = ${id}
    ), runs as (
      select coalesce(sum(cost_usd), 0) as cost from inference_runs where batch_id = ${id}
    ), attempts as (
      select coalesce(sum(a.cost_usd), 0) as cost
      from inference_runs as r join inference_attempts as a on a.run_id = r.id
      where r.batch_id = ${id} and r.cost_usd is not null
    ), budget as (
      select spent_usd as spent, (
        select coalesce(sum(spent_usd), 0) from reservations where budget_id = ${id} and settled_at is not null
      ) as reserved
      from budgets where id = ${id}
    )
    select
      b.planned,
      items.rows,
      items.pending,
      items.in_progress as "inProgress",
      items.settled,
      items.mismatches as "outcomeMismatches",
      runs.cost as "inferenceCostUsd",
      attempts.cost as "attemptCostUsd",
      budget.spent as "budgetSpentUsd",
      budget.reserved as "reservationSpentUsd",
      b.planned = items.rows
        and items.rows = items.pending + items.in_progress + items.settled
        and items.mismatches = 0
        and runs.cost = attempts.cost
        and budget.spent is not distinct from budget.reserved as holds
    from batches as b
    cross join items
    cross join runs
    cross join attempts
    left join budget on true
    where b.id = ${id}`);
