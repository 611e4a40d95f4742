import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import { Money } from '../../contract/common.ts';
import { type InferenceFilter, Outcome } from '../../contract/inference.ts';
import { allOf, filterConditions } from '../filter-conditions.ts';
import type { ProviderStats } from './inference-repository.ts';

const ProviderStatsRow = z.object({
  provider: z.string(),
  model: z.string(),
  runCount: z.number().int(),
  outcomeCounts: z.partialRecord(Outcome, z.number().int()),
  inputTokens: z.number().nullable(),
  outputTokens: z.number().nullable(),
  costUsd: Money.nullable(),
  unknownCostCount: z.number().int(),
  latencyMsP50: z.number().nullable(),
  latencyMsP95: z.number().nullable(),
});

/**
 * Figures of each provider and model, most runs first. Sums leave out what is unknown and are null when nothing is known;
 * percentiles are interpolated over all settled runs with a known latency, failed ones included.
 */
export const providerStats = async (
  connection: CommonQueryMethods,
  filter: InferenceFilter,
): Promise<ProviderStats[]> => [
  ...(await connection.any(sql.type(ProviderStatsRow)`
    with chosen as (
      select r.provider, r.model, r.outcome, r.input_tokens, r.output_tokens, r.cost_usd, r.latency_ms
      from inference_runs as r
      where ${allOf(filterConditions(filter))}
    ), outcomes as (
      select provider, model, jsonb_object_agg(outcome, runs) as counts
      from (
        select provider, model, outcome, count(*) as runs
        from chosen
        where outcome is not null
        group by provider, model, outcome
      ) as counted
      group by provider, model
    )
    select
      c.provider,
      c.model,
      count(*) as "runCount",
      coalesce(o.counts, '{}') as "outcomeCounts",
      sum(c.input_tokens)::bigint as "inputTokens",
      sum(c.output_tokens)::bigint as "outputTokens",
      sum(c.cost_usd) as "costUsd",
      count(*) filter (where c.cost_usd is null) as "unknownCostCount",
      percentile_cont(0.5) within group (order by c.latency_ms) as "latencyMsP50",
      percentile_cont(0.95) within group (order by c.latency_ms) as "latencyMsP95"
    from chosen as c
    left join outcomes as o on o.provider = c.provider and o.model = c.model
    group by c.provider, c.model, o.counts
    order by count(*) desc, c.provider, c.model`)),
];
