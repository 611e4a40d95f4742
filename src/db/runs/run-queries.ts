import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import { unnestRows } from '../unnest-rows.ts';
import { isOpen, settleAttemptsOf } from './attempt-queries.ts';
import type { NewRun, RunSettlement } from './inference-repository.ts';
import { newRunColumns } from './new-run-columns.ts';
import { settledRunColumns } from './settled-run-columns.ts';

/** The rest of a statement that begins with `with given as (…)`: inserts the runs of `source` and their first attempts. */
export const insertRunsOf = (source: FragmentSqlToken): FragmentSqlToken => sql.fragment`
    run as (
      insert into inference_runs (
        id, provider, model, messages, original_messages, prompt_text, parameters, preprocessing, metadata,
        request_hash, request_id, api_key_id, batch_id, trace_id, streamed, created_at, lease_until
      )
      select
        id, provider, model, messages, original_messages, prompt_text, parameters, preprocessing, metadata,
        request_hash, request_id, api_key_id, batch_id, trace_id, streamed, created_at, lease_until
      from ${source}
    )
    insert into inference_attempts (id, run_id, attempt_number, started_at)
    select attempt_id, id, 1, created_at
    from ${source}`;

/** Commits runs as `sending`, each with its first attempt, in one statement. */
export const insertRuns = async (connection: CommonQueryMethods, runs: readonly NewRun[]): Promise<void> => {
  await connection.query(sql.unsafe`
    with given as (
      select * from ${unnestRows(runs, newRunColumns)}
    ), ${insertRunsOf(sql.fragment`given`)}`);
};

/**
 * Settles runs and their last attempts in one statement. A run that its own call has settled stays as it is; one that the
 * sweep gave up takes its late answer. The attempts are joined to the runs just updated, so that every statement locks a run
 * before its attempts and none can wait for another in a circle.
 */
export const settleRuns = async (
  connection: CommonQueryMethods,
  settlements: readonly RunSettlement[],
): Promise<void> => {
  await connection.query(sql.unsafe`
    with given as (
      select * from ${unnestRows(settlements, settledRunColumns)}
    ), run as (
      update inference_runs as r set
        status = 'settled',
        outcome = given.outcome,
        detail = given.detail,
        answer_text = given.answer_text,
        finish_reason = given.finish_reason,
        served_model = given.served_model,
        input_tokens = given.input_tokens,
        cached_input_tokens = given.cached_input_tokens,
        output_tokens = given.output_tokens,
        reasoning_tokens = given.reasoning_tokens,
        usage_estimated = given.usage_estimated,
        cost_usd = given.cost_usd,
        price_id = given.price_id,
        latency_ms = given.latency_ms,
        first_token_ms = given.first_token_ms,
        attempt_count = given.attempt_count,
        error = given.error,
        content_filter = given.content_filter,
        provider_request_id = given.provider_request_id,
        system_fingerprint = given.system_fingerprint,
        omitted_parameters = given.omitted_parameters,
        settled_at = given.settled_at
      from given
      where r.id = given.run_id
        and ${isOpen(sql.fragment`r`)}
      returning r.id
    )
    ${settleAttemptsOf(sql.fragment`given join run on run.id = given.run_id`)}`);
};

/** Part of a statement: gives up the runs named by `id` in `source` that are still being sent, with their open attempts. */
export const giveUpRunsOf = (source: FragmentSqlToken, now: Date): FragmentSqlToken => sql.fragment`
    run as (
      update inference_runs as r set
        status = 'settled',
        outcome = 'unknown_outcome',
        detail = 'lease_expired',
        settled_at = ${now.toISOString()},
        swept_at = ${now.toISOString()}
      from ${source}
      where r.id = ${source}.id and r.settled_at is null
      returning r.id
    ), attempt as (
      update inference_attempts as a set
        status = 'settled',
        outcome = 'unknown_outcome',
        settled_at = ${now.toISOString()},
        swept_at = ${now.toISOString()}
      from run
      where a.run_id = run.id and a.status = 'sending'
    )`;

const sweptCount = z.object({ count: z.number() });

/**
 * Gives up runs whose lease is over, oldest first, with their open attempts. Rows that another sweep or a settlement
 * holds are passed by.
 * @returns how many runs
 */
export const sweepRuns = async (connection: CommonQueryMethods, now: Date, limit: number): Promise<number> =>
  connection.oneFirst(sql.type(sweptCount)`
    with expired as (
      select id
      from inference_runs
      where status = 'sending' and lease_until < ${now.toISOString()}
      order by lease_until
      limit ${limit}
      for update skip locked
    ), ${giveUpRunsOf(sql.fragment`expired`, now)}
    select count(*) as count from run`);
