import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik';
import { unnestRows } from '../unnest-rows.ts';
import type { AttemptSettlement, NewAttempt } from './inference-repository.ts';
import { settledAttemptColumns } from './settled-run-columns.ts';

/**
 * Whether a run or attempt may still be settled: it is being sent, or the sweep gave it up and its answer is late. Said of
 * `settled_at` instead of `status`, because for `status = 'sending'` the planner prefers the sweep's small index to the primary
 * key, and that index is full of dead entries: each run passes through it.
 */
export const isOpen = (alias: FragmentSqlToken): FragmentSqlToken => sql.fragment`(
        ${alias}.settled_at is null or (${alias}.outcome = 'unknown_outcome' and ${alias}.swept_at is not null)
      )`;

/** The update that settles the attempts of `source`, which names itself `given` and has the `attempt_` columns. */
export const settleAttemptsOf = (source: FragmentSqlToken): FragmentSqlToken => sql.fragment`
    update inference_attempts as a set
      status = 'settled',
      outcome = given.attempt_outcome,
      settled_at = given.attempt_settled_at,
      latency_ms = given.attempt_latency_ms,
      first_token_ms = given.attempt_first_token_ms,
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
      and ${isOpen(sql.fragment`a`)}`;

/** Settles an attempt and opens the next one of its run, in one statement. Repeating it, its answer lost, changes nothing. */
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
      where id = ${next.runId} and settled_at is null
      returning id
    ), settled as (
      ${settleAttemptsOf(sql.fragment`given cross join run`)}
    )
    insert into inference_attempts (id, run_id, attempt_number, started_at)
    values (${next.id}, ${next.runId}, ${next.attemptNumber}, ${next.startedAt.toISOString()})
    on conflict (id) do nothing`);
};
