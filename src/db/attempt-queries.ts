import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik';
import type { AttemptSettlement, NewAttempt } from './inference-repository.ts';
import { settledAttemptColumns } from './row-columns.ts';
import { unnestRows } from './unnest-rows.ts';

/** The update that settles the attempts of `source`, which names itself `given` and has the `attempt_` columns. */
export const settleAttemptsOf = (source: FragmentSqlToken): FragmentSqlToken => sql.fragment`
    update inference_attempts as a set
      status = 'settled',
      outcome = given.attempt_outcome,
      settled_at = given.attempt_settled_at,
      latency_ms = given.attempt_latency_ms,
      http_status = given.attempt_http_status,
      error = given.attempt_error,
      retry_after_ms = given.attempt_retry_after_ms,
      provider_request_id = given.attempt_provider_request_id,
      served_model = given.attempt_served_model,
      input_tokens = given.attempt_input_tokens,
      cached_input_tokens = given.attempt_cached_input_tokens,
      output_tokens = given.attempt_output_tokens,
      reasoning_tokens = given.attempt_reasoning_tokens,
      usage_estimated = given.attempt_usage_estimated,
      cost_usd = given.attempt_cost_usd,
      rate_limit = given.attempt_rate_limit,
      raw = given.attempt_raw
    from ${source}
    where a.id = given.attempt_id
      and (a.status = 'sending' or (a.outcome = 'unknown_outcome' and a.swept_at is not null))`;

/** Settles an attempt and opens the next one of its run, in one statement. */
export const continueRun = async (
  connection: CommonQueryMethods,
  settled: AttemptSettlement,
  next: NewAttempt,
): Promise<void> => {
  await connection.query(sql.unsafe`
    with given as (
      select * from ${unnestRows([settled], settledAttemptColumns)}
    ), run as (
      update inference_runs set attempt_count = ${next.attemptNumber}
      where id = ${next.runId} and status = 'sending'
      returning id
    ), settled as (
      ${settleAttemptsOf(sql.fragment`given cross join run`)}
    )
    insert into inference_attempts (id, run_id, attempt_number, started_at)
    values (${next.id}, ${next.runId}, ${next.attemptNumber}, ${next.startedAt.toISOString()})`);
};
