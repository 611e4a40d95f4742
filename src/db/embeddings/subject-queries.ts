import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import { Id } from '../../contract/common.ts';
import type { SearchSubject } from './meaning-repository.ts';

const Row = z.object({
  promptId: z.number().int().nullable(),
  text: z.string(),
  vector: z.string().nullable(),
  refusal: z.string().nullable(),
});
const Beginning = z.object({ id: Id, text: z.string() });
const beginningLength = 300;

/** A prompt that is not noted for this inference yet may be known from another. */
export const findSubject = async (
  connection: CommonQueryMethods,
  inferenceId: string,
  spaceId: number | null,
): Promise<SearchSubject | null> => {
  const row = await connection.maybeOne(sql.type(Row)`
    select prompt.id as "promptId", r.prompt_text as text, e.embedding::text as vector, f.reason as refusal
    from inference_runs as r
    left join lateral (
      select coalesce(
        (select prompt_id from prompt_runs where run_id = r.id),
        (select id from prompts where hash = sha256(convert_to(r.prompt_text, 'UTF8')))
      ) as id
    ) as prompt on true
    left join prompt_embeddings as e on e.space_id = ${spaceId} and e.prompt_id = prompt.id
    left join embedding_refusals as f on f.space_id = ${spaceId} and f.prompt_id = prompt.id
    where r.id = ${inferenceId}`);
  return (
    row && { ...row, vector: row.vector === null ? null : z.array(z.number()).parse(JSON.parse(row.vector)) }
  );
};

export const promptBeginnings = async (
  connection: CommonQueryMethods,
  inferenceIds: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const rows = await connection.any(sql.type(Beginning)`
    select id, left(prompt_text, ${beginningLength}) as text
    from inference_runs where id = any(${sql.array([...inferenceIds], 'uuid')})`);
  return new Map(rows.map(({ id, text }) => [id, text]));
};
