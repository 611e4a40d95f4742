import { type CommonQueryMethods, sql } from 'slonik';
import type { InferenceFilter } from '../../contract/inference.ts';
import { RecentRun } from '../../contract/study.ts';
import { allOf, filterConditions } from '../filter-conditions.ts';

/** The newest runs, without their texts but for the beginning of the prompt. */
export const recentRuns = async (
  connection: CommonQueryMethods,
  filter: InferenceFilter,
  limit: number,
): Promise<readonly RecentRun[]> =>
  connection.any(sql.type(RecentRun)`
    select
      r.id, r.status, r.outcome, r.provider, r.model, r.served_model as "servedModel", r.batch_id as "batchId",
      r.latency_ms as "latencyMs", r.cost_usd as "costUsd", r.created_at as "createdAt", left(r.prompt_text, 200) as prompt
    from inference_runs as r
    where ${allOf(filterConditions(filter))}
    order by r.created_at desc, r.id desc
    limit ${limit}`);
