import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import { BatchItem, type BatchItemFilter, BatchResult, noDetail } from '../../contract/batch-item.ts';
import { fromItemCursor, toItemCursor } from '../cursor.ts';
import { allOf } from '../filter-conditions.ts';
import type { Page, PageRequest } from '../runs/inference-repository.ts';

/** `batch_items as i`, joined to its target `t` and its question `q`, under the contract's names. */
export const itemFields: FragmentSqlToken = sql.fragment`
  i.batch_id as "batchId",
  i.position,
  i.item_key as "itemKey",
  i.target_index as "targetIndex",
  t.provider,
  t.model,
  i.repetition,
  case i.state when 'leased' then 'in_progress' else i.state end as state,
  i.outcome,
  i.detail,
  i.attempts,
  i.run_id as "inferenceId",
  i.shared_from as "sharedFrom",
  nullif(i.not_before, '-infinity') as "notBefore",
  i.settled_at as "settledAt",
  q.metadata`;

export const itemTables: FragmentSqlToken = sql.fragment`
  batch_items as i
  join batch_targets as t on t.batch_id = i.batch_id and t.target_index = i.target_index
  join batch_inputs as q on q.batch_id = i.batch_id and q.item_key = i.item_key`;

/** The same with the run `r` that answered. */
export const resultFields: FragmentSqlToken = sql.fragment`
  ${itemFields},
  r.answer_text as "text",
  r.finish_reason as "finishReason",
  r.served_model as "servedModel",
  case when r.usage_estimated is null then null else jsonb_build_object(
    'inputTokens', r.input_tokens,
    'cachedInputTokens', r.cached_input_tokens,
    'outputTokens', r.output_tokens,
    'reasoningTokens', r.reasoning_tokens,
    'estimated', r.usage_estimated
  ) end as "usage",
  r.cost_usd as "costUsd",
  r.latency_ms as "latencyMs",
  r.error`;

const after = (cursor: string | undefined): FragmentSqlToken[] =>
  cursor === undefined ? [] : [sql.fragment`i.position > ${fromItemCursor(cursor)}`];

/** One page in order of position. @throws {AppError} invalid_request for a cursor that is not ours */
export const listBatchItems = async (
  connection: CommonQueryMethods,
  id: string,
  filter: BatchItemFilter,
  page: PageRequest,
): Promise<Page<BatchItem>> => {
  const conditions = [sql.fragment`i.batch_id = ${id}`, ...after(page.cursor)];
  if (filter.outcome !== undefined) conditions.push(sql.fragment`i.outcome = ${filter.outcome}`);
  if (filter.state !== undefined) {
    conditions.push(sql.fragment`i.state = ${filter.state === 'in_progress' ? 'leased' : filter.state}`);
  }
  if (filter.detail !== undefined) {
    conditions.push(
      sql.fragment`i.detail is not distinct from ${filter.detail === noDetail ? null : filter.detail}`,
    );
  }
  if (filter.targetIndex !== undefined) conditions.push(sql.fragment`i.target_index = ${filter.targetIndex}`);
  const rows = await connection.any(sql.type(BatchItem)`
    select ${itemFields}
    from ${itemTables}
    where ${allOf(conditions)}
    order by i.position
    limit ${page.limit + 1}`);
  const data = rows.slice(0, page.limit);
  return { data, nextCursor: rows.length > page.limit ? endOf(data) : null };
};

const ResultRow = BatchResult.extend({ isLast: z.boolean() });

/**
 * Settled items with their answers. A page ends after `limit` items or before `maxBytes` of answers, labels and errors would be
 * exceeded, but holds one item at least.
 */
export const listBatchResults = async (
  connection: CommonQueryMethods,
  id: string,
  page: PageRequest & { maxBytes: number },
): Promise<Page<BatchResult>> => {
  const conditions = [
    sql.fragment`i.batch_id = ${id}`,
    sql.fragment`i.state = 'settled'`,
    ...after(page.cursor),
  ];
  const rows = await connection.any(sql.type(ResultRow)`
    with page as (
      select
        next.position,
        sum(next.bytes) over (order by next.position) as bytes,
        lead(next.position) over (order by next.position) is null as "isLast"
      from (
        select
          i.position,
          coalesce(octet_length(r.answer_text), 0) + coalesce(octet_length(r.error::text), 0)
            + octet_length(q.metadata::text) + 1000 as bytes
        from ${itemTables}
        left join inference_runs as r on r.id = i.run_id
        where ${allOf(conditions)}
        order by i.position
        limit ${page.limit + 1}
      ) as next
    ), fitting as (
      select position, "isLast"
      from page
      where bytes <= ${page.maxBytes} or position = (select min(position) from page)
      order by position
      limit ${page.limit}
    )
    select
      ${resultFields},
      fitting."isLast"
    from fitting
    join ${itemTables} on i.batch_id = ${id} and i.position = fitting.position
    left join inference_runs as r on r.id = i.run_id
    order by i.position`);
  const data = rows.map(({ isLast, ...result }) => result);
  return { data, nextCursor: (rows.at(-1)?.isLast ?? true) ? null : endOf(data) };
};

const endOf = (items: readonly { position: number }[]): string | null => {
  const last = items.at(-1);
  return last === undefined ? null : toItemCursor(last.position);
};
