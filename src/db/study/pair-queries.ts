import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import { Outcome } from '../../contract/inference.ts';

/** One side of a comparison: what a batch asked of one of its targets. */
export type PairedTargets = { batchId: string; targetIndex: number };

const Target = z.object({ provider: z.string(), model: z.string() });
const OutcomePair = z.object({ a: Outcome, b: Outcome, count: z.number().int() });
const Item = z.object({
  /** Repetitions that were asked, and have an outcome, in both. */
  pairs: z.number().int(),
  okInBoth: z.number().int(),
  okOnlyInA: z.number().int(),
  okOnlyInB: z.number().int(),
  /** Means over the repetitions where both are known, of b − a; null: in none. */
  latencyMs: z.number().nullable(),
  costUsd: z.number().nullable(),
});
const Paired = z.object({
  onlyInA: z.number().int(),
  onlyInB: z.number().int(),
  both: z.number().int(),
  unsettled: z.number().int(),
  unasked: z.number().int(),
  outcomes: z.array(OutcomePair),
  items: z.array(Item),
});

/** How the items of two targets came out, item by item; `items` are those that were asked in both, in order of their key. */
export type PairedBatches = z.infer<typeof Paired> & { a: z.infer<typeof Target>; b: z.infer<typeof Target> };

/** Such an item says nothing about who would have answered it. */
const isUnasked = sql.fragment`in ('cancelled', 'budget_skipped')`;

const sideOf = ({ batchId, targetIndex }: PairedTargets): FragmentSqlToken => sql.fragment`
  select i.item_key, i.repetition, i.outcome, r.latency_ms, r.cost_usd
  from batch_items as i
  left join inference_runs as r on r.id = i.run_id
  where i.batch_id = ${batchId} and i.target_index = ${targetIndex}`;

const targetOf = (connection: CommonQueryMethods, { batchId, targetIndex }: PairedTargets) =>
  connection.maybeOne(sql.type(Target)`
    select provider, model from batch_targets where batch_id = ${batchId} and target_index = ${targetIndex}`);

/** Pairs by item key and repetition. Wants a transaction. @returns null when there is no such batch, or target */
export const pairBatches = async (
  connection: CommonQueryMethods,
  a: PairedTargets,
  b: PairedTargets,
): Promise<PairedBatches | null> => {
  // Compiling the statement takes longer than running it.
  await connection.query(sql.unsafe`set local jit = off`);
  const [targetA, targetB] = [await targetOf(connection, a), await targetOf(connection, b)];
  if (targetA === null || targetB === null) return null;
  const paired = await connection.one(sql.type(Paired)`
    with a as materialized (${sideOf(a)}), b as materialized (${sideOf(b)}), joined as materialized (
      select coalesce(a.item_key, b.item_key) as item_key,
        a.item_key is not null as in_a, b.item_key is not null as in_b, a.outcome as a, b.outcome as b,
        b.latency_ms - a.latency_ms as latency_ms, (b.cost_usd - a.cost_usd)::float8 as cost_usd
      from a full join b on a.item_key = b.item_key and a.repetition = b.repetition
    ), settled as materialized (
      select *, a ${isUnasked} or b ${isUnasked} as is_unasked from joined where a is not null and b is not null
    ), pair as (
      select * from settled where not is_unasked
    ), outcome_pair as (
      select a, b, count(*) as count from settled group by a, b
    ), item as (
      select item_key,
        count(*) as pairs,
        count(*) filter (where a = 'ok' and b = 'ok') as "okInBoth",
        count(*) filter (where a = 'ok' and b <> 'ok') as "okOnlyInA",
        count(*) filter (where a <> 'ok' and b = 'ok') as "okOnlyInB",
        avg(latency_ms) as "latencyMs",
        avg(cost_usd) as "costUsd"
      from pair group by item_key
    )
    select
      count(*) filter (where not in_b) as "onlyInA",
      count(*) filter (where not in_a) as "onlyInB",
      count(*) filter (where in_a and in_b) as both,
      count(*) filter (where in_a and in_b and (a is null or b is null)) as unsettled,
      (select count(*) from settled where is_unasked) as unasked,
      (select coalesce(jsonb_agg(o order by o.count desc, o.a, o.b), '[]') from outcome_pair as o) as outcomes,
      (select coalesce(jsonb_agg(to_jsonb(i) - 'item_key' order by i.item_key), '[]') from item as i) as items
    from joined`);
  return { a: targetA, b: targetB, ...paired };
};
