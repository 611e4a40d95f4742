import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import { Id, Money, Timestamp } from '../../contract/common.ts';
import { type InferenceFilter, Usage } from '../../contract/inference.ts';
import { fromCursor, toPage } from '../cursor.ts';
import { allOf, filterConditions } from '../filter-conditions.ts';
import type { Page } from '../runs/inference-repository.ts';
import { type RowColumn, unnestRows } from '../unnest-rows.ts';

const RecostAttempt = z.object({
  id: Id,
  servedModel: z.string().nullable(),
  usage: Usage.nullable(),
  /** As text: JSON numbers would lose digits. */
  costUsd: Money.nullable(),
});
const RecostRun = z.object({
  id: Id,
  provider: z.string(),
  model: z.string(),
  createdAt: Timestamp,
  settledAt: Timestamp,
  costUsd: Money.nullable(),
  priceId: Id.nullable(),
  attempts: z.array(RecostAttempt),
});
/** A settled run with what its cost is made of, attempts in their order. */
export type RecostRun = z.infer<typeof RecostRun>;

/** Settled runs after a cursor, oldest first. @throws {AppError} invalid_request for a cursor that is not ours */
export const runsToRecost = async (
  connection: CommonQueryMethods,
  filter: InferenceFilter,
  { unknownOnly, after, limit }: { unknownOnly: boolean; after: string | null; limit: number },
): Promise<Page<RecostRun>> => {
  const conditions = [sql.fragment`r.status = 'settled'`, ...filterConditions(filter)];
  if (unknownOnly) conditions.push(sql.fragment`r.cost_usd is null`);
  if (after !== null) {
    const [createdAt, id] = fromCursor(after);
    conditions.push(sql.fragment`(r.created_at, r.id) > (${createdAt}::timestamptz, ${id}::uuid)`);
  }
  const rows = await connection.any(sql.type(RecostRun)`
    with chosen as (
      select r.id, r.provider, r.model, r.created_at, r.settled_at, r.cost_usd, r.price_id
      from inference_runs as r
      where ${allOf(conditions)}
      order by r.created_at, r.id
      limit ${limit + 1}
    )
    select
      c.id, c.provider, c.model, c.created_at as "createdAt", c.settled_at as "settledAt", c.cost_usd as "costUsd", c.price_id as "priceId",
      (
        select coalesce(jsonb_agg(jsonb_build_object(
          'id', a.id,
          'servedModel', a.served_model,
          'usage', case when a.usage_estimated is null then null else jsonb_build_object(
            'inputTokens', a.input_tokens,
            'cachedInputTokens', a.cached_input_tokens,
            'outputTokens', a.output_tokens,
            'reasoningTokens', a.reasoning_tokens,
            'estimated', a.usage_estimated
          ) end,
          'costUsd', a.cost_usd::text
        ) order by a.attempt_number), '[]')
        from inference_attempts as a where a.run_id = c.id
      ) as attempts
    from chosen as c
    order by c.created_at, c.id`);
  return toPage(rows, limit);
};

/** What a run costs, and the run as it was read. */
export type RecostedRun = {
  read: RecostRun;
  costUsd: string | null;
  priceId: string | null;
  attempts: readonly { id: string; costUsd: string | null }[];
};

const runColumns: readonly RowColumn<RecostedRun>[] = [
  ['run_id', 'uuid', ({ read }) => read.id],
  ['cost_usd', 'numeric', ({ costUsd }) => costUsd],
  ['price_id', 'uuid', ({ priceId }) => priceId],
];
const readColumns: readonly RowColumn<RecostedRun>[] = [
  ['run_id', 'uuid', ({ read }) => read.id],
  ['cost_usd', 'numeric', ({ read }) => read.costUsd],
  ['price_id', 'uuid', ({ read }) => read.priceId],
  ['settled_at', 'timestamptz', ({ read }) => read.settledAt],
];
const attemptColumns: readonly RowColumn<RecostedRun['attempts'][number]>[] = [
  ['attempt_id', 'uuid', ({ id }) => id],
  ['cost_usd', 'numeric', ({ costUsd }) => costUsd],
];

const Locked = z.object({ id: Id });

/** Locks the runs that still are what was read: a late answer, or another who recosts, may know more than we did then. */
const lockUnchanged = (transaction: CommonQueryMethods, runs: readonly RecostedRun[]) =>
  transaction.anyFirst(sql.type(Locked)`
    select r.id
    from ${unnestRows(runs, readColumns)}
    join inference_runs as r on r.id = given.run_id
    where r.settled_at = given.settled_at
      and (r.cost_usd, r.price_id) is not distinct from (given.cost_usd, given.price_id)
    order by r.id
    for update of r`);

/** Writes costs where they differ, runs before their attempts as every statement does. @returns how many runs changed */
export const recostRuns = async (
  transaction: CommonQueryMethods,
  recosted: readonly RecostedRun[],
): Promise<number> => {
  const unchanged = new Set(await lockUnchanged(transaction, recosted));
  const runs = recosted.filter(({ read }) => unchanged.has(read.id));
  const { rowCount } = await transaction.query(sql.unsafe`
    update inference_runs as r set cost_usd = given.cost_usd, price_id = given.price_id
    from ${unnestRows(runs, runColumns)}
    where r.id = given.run_id
      and (r.cost_usd, r.price_id) is distinct from (given.cost_usd, given.price_id)`);
  await transaction.query(sql.unsafe`
    update inference_attempts as a set cost_usd = given.cost_usd
    from ${unnestRows(
      runs.flatMap(({ attempts }) => attempts),
      attemptColumns,
    )}
    where a.id = given.attempt_id and a.status = 'settled' and a.cost_usd is distinct from given.cost_usd`);
  return rowCount;
};
