import { type CommonQueryMethods, sql } from 'slonik';
import { Inference, type InferenceFilter } from '../../contract/inference.ts';
import { allOf, containsPattern, filterConditions } from '../filter-conditions.ts';
import { inferenceFields } from './inference-fields.ts';

/** Ranking reads each match, and a common word has millions: only the newest matches of either kind compete. */
const maxRanked = 1000;

/** Full-text matches first, by rank; then prompts that hold the text inside a word, by likeness; then the newest. */
export const searchPrompts = async (
  connection: CommonQueryMethods,
  text: string,
  limit: number,
  filter: InferenceFilter = {},
): Promise<Inference[]> => {
  const matching = allOf(filterConditions(filter));
  const found = await connection.any(sql.type(Inference)`
    with words as (
      select id, created_at, ts_rank(search_vector, plainto_tsquery('simple', ${text})) as score
      from inference_runs as r
      where status = 'settled' and ${matching} and search_vector @@ plainto_tsquery('simple', ${text})
      order by created_at desc, id desc
      limit ${maxRanked}
    ), parts as (
      select id, created_at, word_similarity(${text}, left(prompt_text, 2000)) as score
      from inference_runs as r
      where status = 'settled' and ${matching} and left(prompt_text, 2000) ilike ${containsPattern(text)}
      order by created_at desc, id desc
      limit ${maxRanked}
    ), best as (
      select distinct on (id) id, tier, score
      from (
        select id, 1 as tier, score from words
        union all
        select id, 2 as tier, score from parts
      ) as matches
      order by id, tier
    )
    select ${inferenceFields}
    from best
    join inference_runs as r on r.id = best.id
    order by best.tier, best.score desc, r.created_at desc, r.id desc
    limit ${limit}`);
  return [...found];
};
