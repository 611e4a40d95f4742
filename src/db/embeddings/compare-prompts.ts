import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import { Id } from '../../contract/common.ts';
import type { InferenceFilter } from '../../contract/inference.ts';
import { allOf, filterConditions } from '../filter-conditions.ts';
import type { ExaminedPrompts, ReadySpace } from './meaning-repository.ts';

/** Each is compared with each: two million comparisons, about a second. */
const mostExamined = 2000;
/** Where all these are of few prompts, older ones are not looked for. */
const mostRuns = 20_000;
/** Of a prompt that is like very many, so many earlier ones tie it to all of them. */
const mostTies = 20;

const Examined = z.object({
  runIds: z.array(Id),
  pairs: z.array(z.object({ a: z.number().int(), b: z.number().int(), similarity: z.number() })),
  isComplete: z.boolean(),
});

/** Compares the newest prompts with each other, exactly and without an index. Wants a transaction. */
export const comparePrompts = async (
  transaction: CommonQueryMethods,
  space: ReadySpace,
  filter: InferenceFilter,
  threshold: number,
): Promise<ExaminedPrompts> => {
  // All vectors at once are up to 32 MB; the usual 4 MB would send them through a file, for each comparison.
  await transaction.query(sql.unsafe`
    select set_config('work_mem', '64MB', true), set_config('jit', 'off', true)`);
  return transaction.one(sql.type(Examined)`
    with run as materialized (
      select r.id, r.created_at
      from inference_runs as r
      where r.status = 'settled' and ${allOf(filterConditions(filter))}
      order by r.created_at desc, r.id desc
      limit ${mostRuns + 1}
    ), newest as (
      select distinct on (p.prompt_id) p.prompt_id, run.id, run.created_at
      from run join prompt_runs as p on p.run_id = run.id
      order by p.prompt_id, run.created_at desc, run.id desc
    ), examined as materialized (
      select
        newest.id, vector(e.embedding, ${space.dimensions}::int4, true) as embedding,
        (row_number() over (order by newest.created_at desc, newest.id desc))::int4 as place
      from newest join prompt_embeddings as e on e.space_id = ${space.id} and e.prompt_id = newest.prompt_id
      order by newest.created_at desc, newest.id desc
      limit ${mostExamined + 1}
    ), compared as materialized (
      select a.place as a, b.place as b, 1 - (a.embedding <=> b.embedding) as similarity
      from examined as a join examined as b on a.place < b.place
      where b.place <= ${mostExamined} and (a.embedding <=> b.embedding) <= ${1 - threshold}::float8
    ), tied as (
      select a, b, similarity, row_number() over (partition by b order by similarity desc, a) as nth from compared
    )
    select
      coalesce((select jsonb_agg(id order by place) from examined where place <= ${mostExamined}), '[]') as "runIds",
      coalesce((
        select jsonb_agg(jsonb_build_object('a', a - 1, 'b', b - 1, 'similarity', similarity))
        from tied where nth <= ${mostTies}
      ), '[]') as pairs,
      (select count(*) from run) <= ${mostRuns} and (select count(*) from examined) <= ${mostExamined} as "isComplete"`);
};
