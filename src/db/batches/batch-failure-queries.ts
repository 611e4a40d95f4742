import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import { BatchFailureCause, type BatchFailures } from '../../contract/batch-failure.ts';

const maxCauses = 50;
/** Runs whose errors are read for each cause: with `maxCauses`, what a batch of a million failures costs at most. */
const maxReadRuns = 500;
const maxMessages = 5;
/** Longer ones differ in what they quote. */
const comparedCharacters = 300;

const CauseRow = BatchFailureCause.extend({ failedCount: z.number(), causeCount: z.number() });

/**
 * Items without an answer by outcome, detail and target, counted in one pass over the items of the batch; then what the first
 * of each cause were told. Messages are the same when they differ only in words with digits: ids, times, sizes.
 */
export const batchFailures = async (connection: CommonQueryMethods, id: string): Promise<BatchFailures> => {
  const rows = await connection.any(sql.type(CauseRow)`
    with failed as materialized (
      select
        outcome,
        coalesce(detail, '') as detail,
        target_index,
        position,
        item_key,
        run_id,
        row_number() over (partition by outcome, detail, target_index order by position) as place
      from batch_items
      where batch_id = ${id} and outcome <> 'ok'
    ), cause as (
      select
        outcome,
        detail,
        target_index,
        count(*) as items,
        min(position) as first,
        sum(count(*)) over () as failed,
        count(*) over () as causes
      from failed
      group by outcome, detail, target_index
      order by items desc, first
      limit ${maxCauses}
    ), said as (
      select
        f.outcome,
        f.detail,
        f.target_index,
        a.http_status,
        r.error ->> 'code' as code,
        count(*) as items,
        min(f.position) as position,
        (array_agg(f.item_key order by f.position))[1] as item_key,
        (array_agg(f.run_id order by f.position))[1] as run_id,
        (array_agg(r.error ->> 'message' order by f.position))[1] as message
      from failed as f
      join cause using (outcome, detail, target_index)
      left join inference_runs as r on r.id = f.run_id
      left join inference_attempts as a on a.run_id = r.id and a.attempt_number = r.attempt_count
      where f.place <= ${maxReadRuns}
      group by f.outcome, f.detail, f.target_index, a.http_status, code,
        regexp_replace(left(r.error ->> 'message', ${comparedCharacters}), '[[:alpha:]_-]*[0-9][[:alnum:]_-]*', '#', 'g')
    ), ranked as (
      select *, row_number() over (partition by outcome, detail, target_index order by items desc, position) as place
      from said
    )
    select
      c.outcome,
      nullif(c.detail, '') as detail,
      c.target_index as "targetIndex",
      t.provider,
      t.model,
      c.items as "count",
      least(c.items, ${maxReadRuns}) as "readCount",
      (
        select jsonb_agg(
          jsonb_build_object(
            'httpStatus', m.http_status,
            'code', m.code,
            'message', m.message,
            'count', m.items,
            'example', jsonb_build_object('position', m.position, 'itemKey', m.item_key, 'inferenceId', m.run_id)
          ) order by m.place
        )
        from ranked as m
        where (m.outcome, m.detail, m.target_index) = (c.outcome, c.detail, c.target_index) and m.place <= ${maxMessages}
      ) as messages,
      c.failed::bigint as "failedCount",
      c.causes as "causeCount"
    from cause as c
    join batch_targets as t on t.batch_id = ${id} and t.target_index = c.target_index
    order by c.items desc, c.first`);
  return {
    failedCount: rows[0]?.failedCount ?? 0,
    causes: rows.map(({ failedCount, causeCount, ...cause }) => cause),
    omittedCauseCount: (rows[0]?.causeCount ?? 0) - rows.length,
  };
};
