import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import { Id } from '../../contract/common.ts';

/** Any constant: whoever notes prompts holds this advisory lock to the end of its transaction. */
const noteLock = 7_710_425;

const Locked = z.object({ locked: z.boolean() });
const Run = z.object({ id: Id });

/**
 * Takes marks that settled runs have left, and notes which prompt each has asked. Wants a transaction. One process at a time:
 * then prompts become visible in the order of their ids, and whoever queues them up to some id has missed none.
 * @returns how many marks; null: another process is at it
 */
export const notePrompts = async (
  transaction: CommonQueryMethods,
  mostRuns: number,
): Promise<number | null> => {
  const locked = await transaction.oneFirst(sql.type(Locked)`
    select pg_try_advisory_xact_lock(${noteLock}) as locked`);
  if (!locked) return null;
  // By their place, because marks have no index; and handed over as a list, of which the planner knows how long it is.
  const marked = await transaction.anyFirst(sql.type(Run)`
    delete from prompt_marks
    where ctid = any(array(select ctid from prompt_marks limit ${mostRuns}))
    returning run_id as id`);
  if (marked.length === 0) return 0;
  const asked = sql.fragment`
    select r.id, r.created_at, sha256(convert_to(r.prompt_text, 'UTF8')) as hash
    from inference_runs as r
    where r.id = any(${sql.array([...new Set(marked)], 'uuid')}) and r.status = 'settled'`;
  // Those that are there are left out first: a conflict would use up an id.
  await transaction.query(sql.unsafe`
    insert into prompts (hash)
    select distinct hash from (${asked}) as asked
    where not exists (select from prompts as p where p.hash = asked.hash)
    on conflict (hash) do nothing`);
  await transaction.query(sql.unsafe`
    insert into prompt_runs (run_id, prompt_id, created_at)
    select asked.id, p.id, asked.created_at
    from (${asked}) as asked join prompts as p on p.hash = asked.hash
    on conflict (run_id) do nothing`);
  return marked.length;
};
