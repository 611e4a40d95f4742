import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';

/** Any constant: whoever notes prompts holds this advisory lock to the end of its transaction. */
const noteLock = 7_710_425;

const Locked = z.object({ locked: z.boolean() });
const Count = z.object({ count: z.number().int() });

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
  return transaction.oneFirst(sql.type(Count)`
    with taken as (
      delete from prompt_marks
      where ctid = any(array(select ctid from prompt_marks limit ${mostRuns}))
      returning run_id
    ), asked as (
      select r.id, r.created_at, sha256(convert_to(r.prompt_text, 'UTF8')) as hash
      from inference_runs as r
      where r.id in (select run_id from taken) and r.status = 'settled'
    ), fresh as (
      insert into prompts (hash)
      select distinct hash from asked where not exists (select from prompts as p where p.hash = asked.hash)
      on conflict (hash) do nothing
      returning id, hash
    ), noted as (
      insert into prompt_runs (run_id, prompt_id, created_at)
      select asked.id, known.id, asked.created_at
      from asked
      join (
        select id, hash from fresh
        union all
        select p.id, p.hash from prompts as p where p.hash in (select hash from asked)
      ) as known on known.hash = asked.hash
      on conflict (run_id) do nothing
    )
    select count(*) as count from taken`);
};
