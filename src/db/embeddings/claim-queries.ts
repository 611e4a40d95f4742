import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import { storableText } from '../storable.ts';
import { type RowColumn, unnestRows } from '../unnest-rows.ts';
import type { ClaimedPrompt, EmbeddingRepository } from './embedding-repository.ts';

type Claim = Parameters<EmbeddingRepository['claimPrompts']>[0];
type Returned = Pick<ClaimedPrompt, 'promptId' | 'attempts'>;

const Queued = z.object({ queuedTo: z.number().int() });
const Claimed = z.object({ promptId: z.number().int(), attempts: z.number().int(), text: z.string() });
const Last = z.object({ last: z.number().int().nullable(), count: z.number().int() });

const returnedColumns: readonly RowColumn<Returned>[] = [
  ['prompt_id', 'int8', ({ promptId }) => promptId],
  ['attempts', 'int4', ({ attempts }) => attempts],
];

/** Puts prompts that were noted since into the queue. @returns up to which id, and how many */
const enqueue = async (transaction: CommonQueryMethods, spaceId: number, after: number, limit: number) =>
  transaction.one(sql.type(Last)`
    with fresh as (
      select id from prompts where id > ${after} order by id limit ${limit}
    ), queued as (
      insert into embedding_queue (space_id, prompt_id, attempts, not_before)
      select ${spaceId}::int4, id, 0, '-infinity' from fresh
      on conflict do nothing
    )
    select max(id) as last, count(*) as count from fresh`);

/**
 * Claims prompts under the lock of their space, so that each worker gets others. Wants a transaction. A prompt whose runs are
 * all gone has no text any more, and leaves the queue.
 */
export const claimPrompts = async (
  transaction: CommonQueryMethods,
  { spaceId, limit, now, leaseUntil, isJob }: Claim,
): Promise<ClaimedPrompt[]> => {
  const at = now.toISOString();
  const queuedTo = await transaction.oneFirst(sql.type(Queued)`
    select queued_to as "queuedTo" from embedding_spaces where id = ${spaceId} for update`);
  const { last } = await enqueue(transaction, spaceId, queuedTo, limit);
  if (last !== null || isJob) {
    await transaction.query(sql.unsafe`
      update embedding_spaces set
        queued_to = ${last ?? queuedTo},
        job_seen_at = case when ${isJob} then ${at}::timestamptz else job_seen_at end
      where id = ${spaceId}`);
  }
  const claimed = await transaction.any(sql.type(Claimed.extend({ text: z.string().nullable() }))`
    with due as (
      select prompt_id from embedding_queue
      where space_id = ${spaceId} and not_before <= ${at}
      order by not_before, prompt_id
      limit ${limit}
      for update
    ), claimed as (
      update embedding_queue as q set attempts = attempts + 1, not_before = ${leaseUntil.toISOString()}
      from due
      where q.space_id = ${spaceId} and q.prompt_id = due.prompt_id
      returning q.prompt_id, q.attempts
    )
    select prompt_id as "promptId", attempts, (
      select r.prompt_text
      from prompt_runs as p join inference_runs as r on r.id = p.run_id
      where p.prompt_id = claimed.prompt_id
      limit 1
    ) as text
    from claimed
    order by prompt_id`);
  const gone = claimed.filter(({ text }) => text === null).map(({ promptId }) => promptId);
  if (gone.length > 0) {
    await transaction.query(sql.unsafe`
      delete from embedding_queue where space_id = ${spaceId} and prompt_id = any(${sql.array(gone, 'int8')})`);
  }
  return claimed.flatMap(({ text, ...prompt }) => (text === null ? [] : [{ ...prompt, text }]));
};

export const returnPrompts = async (
  connection: CommonQueryMethods,
  spaceId: number,
  prompts: readonly Returned[],
  { notBefore, isTried }: { notBefore: Date; isTried: boolean },
): Promise<void> => {
  await connection.query(sql.unsafe`
    update embedding_queue as q set
      not_before = ${notBefore.toISOString()},
      attempts = q.attempts - case when ${isTried} then 0 else 1 end
    from ${unnestRows(prompts, returnedColumns)}
    where q.space_id = ${spaceId} and q.prompt_id = given.prompt_id and q.attempts = given.attempts`);
};

export const refusePrompt = async (
  connection: CommonQueryMethods,
  spaceId: number,
  promptId: number,
  { reason, message, at }: { reason: string; message: string; at: Date },
): Promise<void> => {
  await connection.query(sql.unsafe`
    with refused as (
      delete from embedding_queue where space_id = ${spaceId} and prompt_id = ${promptId} returning prompt_id
    )
    insert into embedding_refusals (space_id, prompt_id, reason, message, refused_at)
    select ${spaceId}::int4, prompt_id, ${reason}, ${storableText(message)}, ${at.toISOString()}::timestamptz from refused
    on conflict do nothing`);
};
