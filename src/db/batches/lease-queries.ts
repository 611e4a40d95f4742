import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import { Id, Timestamp } from '../../contract/common.ts';
import { Message, Metadata, Parameters } from '../../contract/inference.ts';
import { type RowColumn, unnestRows } from '../unnest-rows.ts';
import type { ItemRef, LeasedItem, LeaseRequest } from './batch-repository.ts';

const LeasedRow = z.object({
  batchId: Id,
  position: z.number(),
  itemKey: z.string(),
  targetIndex: z.number(),
  repetition: z.number(),
  attempts: z.number(),
  messages: z.array(Message),
  parameters: Parameters,
  metadata: Metadata,
});

const amongTargets = (targetIndexes: readonly number[] | undefined) =>
  targetIndexes === undefined
    ? sql.fragment`true`
    : sql.fragment`t.target_index = any(${sql.array([...targetIndexes], 'int4')})`;

/**
 * Leases ready items, the same number of each target that has any, those that were never put off first. Rows that another
 * worker is just leasing are passed by. The first lease starts the batch.
 */
export const leaseItems = async (
  connection: CommonQueryMethods,
  { batchId, generation, limit, targetIndexes, leaseToken, now, leaseUntil }: LeaseRequest,
): Promise<LeasedItem[]> => {
  const at = now.toISOString();
  const rows = await connection.any(sql.type(LeasedRow)`
    with ready as (
      select t.target_index, ceil(${limit}::numeric / count(*) over ())::int as share
      from batch_targets as t
      join batches as b on b.id = t.batch_id and b.status in ('queued', 'running')
        and b.generation = coalesce(${generation ?? null}::int, b.generation)
      left join rate_limits as l on l.provider = t.provider
      where t.batch_id = ${batchId}
        and ${amongTargets(targetIndexes)}
        and (l.blocked_until is null or l.blocked_until <= ${at})
        and exists (
          select 1 from batch_items as i
          where i.batch_id = t.batch_id and i.target_index = t.target_index
            and i.state = 'pending' and i.shared_from is null and i.not_before <= ${at}
        )
    ), chosen as (
      select next.position
      from ready cross join lateral (
        select i.position
        from batch_items as i
        where i.batch_id = ${batchId} and i.target_index = ready.target_index
          and i.state = 'pending' and i.shared_from is null and i.not_before <= ${at}
        order by i.not_before, i.position
        limit ready.share
        for update skip locked
      ) as next
    ), leased as (
      update batch_items as i set
        state = 'leased',
        lease_until = ${leaseUntil.toISOString()},
        lease_token = ${leaseToken},
        begun = false
      from chosen
      where i.batch_id = ${batchId} and i.position = chosen.position
      returning i.batch_id, i.position, i.item_key, i.target_index, i.repetition, i.attempts
    ), started as (
      update batches set
        status = 'running',
        started_at = coalesce(started_at, ${at}),
        progressed_at = greatest(progressed_at, ${at})
      where id = ${batchId} and status = 'queued' and exists (select 1 from leased)
    )
    select
      i.batch_id as "batchId",
      i.position,
      i.item_key as "itemKey",
      i.target_index as "targetIndex",
      i.repetition,
      i.attempts,
      q.messages,
      q.parameters,
      q.metadata
    from leased as i
    join batch_inputs as q on q.batch_id = i.batch_id and q.item_key = i.item_key
    order by i.position`);
  return [...rows];
};

type Released = ItemRef & { leaseToken: string; notBefore: Date | null };

const releasedColumns: readonly RowColumn<Released>[] = [
  ['batch_id', 'uuid', (item) => item.batchId],
  ['position', 'int4', (item) => item.position],
  ['lease_token', 'uuid', (item) => item.leaseToken],
  ['not_before', 'timestamptz', (item) => item.notBefore?.toISOString() ?? null],
];

/** Gives back what was leased but not begun; in a batch that is being cancelled it ends. Wants the lock of the batches. */
export const releaseItems = async (
  transaction: CommonQueryMethods,
  items: readonly Released[],
  now: Date,
): Promise<void> => {
  const cancelling = sql.fragment`b.status = 'cancelling'`;
  await transaction.query(sql.unsafe`
    with given as (
      select * from ${unnestRows(items, releasedColumns)}
    ), item as (
      update batch_items as i set
        state = case when ${cancelling} then 'settled' else 'pending' end,
        outcome = case when ${cancelling} then 'cancelled' end,
        settled_at = case when ${cancelling} then ${now.toISOString()}::timestamptz end,
        -- What was never asked has no run; the outcome of an earlier one is not its own.
        run_id = case when ${cancelling} then null else i.run_id end,
        not_before = coalesce(given.not_before, i.not_before),
        lease_until = null,
        lease_token = null
      from given join batches as b on b.id = given.batch_id
      where i.batch_id = given.batch_id and i.position = given.position
        and i.lease_token = given.lease_token and not i.begun
      returning i.batch_id, i.position, i.state
    )
    update batch_items as f set state = 'settled', outcome = 'cancelled', settled_at = ${now.toISOString()}, run_id = null
    from item
    where f.batch_id = item.batch_id and f.shared_from = item.position
      and item.state = 'settled' and f.state <> 'settled'`);
};

const NextReady = z.object({ at: Timestamp.nullable() });

/** When the first pending item may be asked; the past stands for now, because its index holds -infinity there. */
export const nextReadyAt = async (
  connection: CommonQueryMethods,
  batchId: string,
  now: Date,
  targetIndexes?: readonly number[],
): Promise<Date | null> => {
  const { at } = await connection.one(sql.type(NextReady)`
    select min(greatest(next.not_before, coalesce(l.blocked_until, '-infinity'), ${now.toISOString()})) as at
    from batch_targets as t
    left join rate_limits as l on l.provider = t.provider
    cross join lateral (
      select i.not_before
      from batch_items as i
      where i.batch_id = t.batch_id and i.target_index = t.target_index
        and i.state = 'pending' and i.shared_from is null
      order by i.not_before
      limit 1
    ) as next
    where t.batch_id = ${batchId} and ${amongTargets(targetIndexes)}`);
  return at === null ? null : new Date(at);
};
