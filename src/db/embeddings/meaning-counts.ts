import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import { MeaningReport } from '../../contract/meaning.ts';
import type { MeaningCounts, MeaningRepository } from './meaning-repository.ts';

const Counts = z.object({
  embedded: z.number().int(),
  pending: z.number().int(),
  refused: z.number().int(),
});

/** What is embedded, what waits, and what is refused; a count over all, not a counter. */
export const countPrompts = async (
  connection: CommonQueryMethods,
  spaceId: number | null,
): Promise<MeaningCounts> =>
  connection.one(sql.type(Counts)`
    with counted as (
      select
        (select count(*) from prompt_embeddings where space_id = ${spaceId}) as embedded,
        (select count(*) from embedding_refusals where space_id = ${spaceId}) as refused,
        (select count(*) from prompts) as known,
        (select count(*) from prompt_marks) as marks
    )
    select embedded, refused, greatest(0, known - embedded - refused) + marks as pending from counted`);

type Report = Awaited<ReturnType<MeaningRepository['report']>>;
const { calls, refusals, lastFailure } = MeaningReport.shape;
const Row = calls.extend({ refusals, lastFailure });

/** The ledger of all models, added up, and what the present one refuses. */
export const reportMeaning = async (
  connection: CommonQueryMethods,
  spaceId: number | null,
): Promise<Report> => {
  const { refusals, lastFailure, ...calls } = await connection.one(sql.type(Row)`
    select
      count(*) as count,
      count(*) filter (where outcome not in ('ok', 'unknown_outcome')) as "failedCount",
      count(*) filter (where outcome = 'unknown_outcome') as "unknownCount",
      coalesce(sum(input_count), 0)::int8 as "inputCount",
      sum(input_tokens)::int8 as "inputTokens",
      sum(cost_usd) as "costUsd",
      count(*) filter (where status = 'settled' and cost_usd is null) as "unknownCostCount",
      coalesce((
        select jsonb_agg(jsonb_build_object('reason', reason, 'count', counted.count) order by counted.count desc, reason)
        from (
          select reason, count(*) as count from embedding_refusals where space_id = ${spaceId} group by reason
        ) as counted
      ), '[]') as refusals,
      (select last_failure from embedding_spaces where id = ${spaceId}) as "lastFailure"
    from embedding_calls`);
  return { calls, refusals, lastFailure };
};
