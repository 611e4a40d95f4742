import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik';
import { ScheduleFiring } from '../contract/schedule.ts';
import { insertBatch } from './batch-insert-queries.ts';
import type { NewFiring, ScheduleRepository } from './schedule-repository.ts';

const firingFields: FragmentSqlToken = sql.fragment`
  f.schedule_id as "scheduleId",
  f.fire_time as "fireTime",
  f.status,
  f.detail,
  f.batch_id as "batchId",
  f.decided_at as "decidedAt"`;

/**
 * Writes down the firing, its batch and the next planned time. Two that fire at once meet at the key of the firing: the second
 * waits for the first, then finds it done. Wants a transaction.
 */
export const recordFiring = async (transaction: CommonQueryMethods, firing: NewFiring): Promise<boolean> => {
  const fireTime = firing.fireTime.toISOString();
  const { rowCount } = await transaction.query(sql.unsafe`
    insert into schedule_firings (schedule_id, fire_time, status, detail, decided_at)
    values (${firing.scheduleId}, ${fireTime}, ${firing.status}, ${firing.detail}, ${firing.decidedAt.toISOString()})
    on conflict (schedule_id, fire_time) do nothing`);
  // Also when it was recorded before: a schedule that still stands at a past firing would come up for ever.
  await transaction.query(sql.unsafe`
    update schedules set next_fire_at = ${firing.nextFireAt?.toISOString() ?? null}::timestamptz
    where id = ${firing.scheduleId} and next_fire_at <= ${fireTime}`);
  if (rowCount === 0) return false;
  if (firing.start !== null) await start(transaction, firing.scheduleId, fireTime, firing.start);
  return true;
};

const start = async (
  transaction: CommonQueryMethods,
  scheduleId: string,
  fireTime: string,
  { batch, inputs }: NonNullable<NewFiring['start']>,
): Promise<void> => {
  await insertBatch(transaction, batch, inputs);
  await transaction.query(sql.unsafe`
    update schedule_firings set batch_id = ${batch.id}
    where schedule_id = ${scheduleId} and fire_time = ${fireTime}`);
};

/** Wants a transaction. */
export const startQueuedFiring = async (
  transaction: CommonQueryMethods,
  ...[firing, batch]: Parameters<ScheduleRepository['startQueuedFiring']>
): Promise<boolean> => {
  const fireTime = firing.fireTime.toISOString();
  const { rowCount } = await transaction.query(sql.unsafe`
    update schedule_firings set status = 'late', decided_at = ${firing.decidedAt.toISOString()}
    where schedule_id = ${firing.scheduleId} and fire_time = ${fireTime} and status = 'queued'`);
  if (rowCount === 0) return false;
  await start(transaction, firing.scheduleId, fireTime, batch);
  return true;
};

/** Latest first. */
export const listFirings = async (
  connection: CommonQueryMethods,
  scheduleId: string,
  limit: number,
): Promise<ScheduleFiring[]> => [
  ...(await connection.any(sql.type(ScheduleFiring)`
    select ${firingFields}
    from schedule_firings as f
    where f.schedule_id = ${scheduleId}
    order by f.fire_time desc
    limit ${limit}`)),
];

/** The oldest waiting firing of each schedule that has no unfinished batch. */
export const listQueuedFirings = async (
  connection: CommonQueryMethods,
  limit: number,
): Promise<ScheduleFiring[]> => [
  ...(await connection.any(sql.type(ScheduleFiring)`
    select distinct on (f.schedule_id) ${firingFields}
    from schedule_firings as f
    join schedules as s on s.id = f.schedule_id and s.enabled and s.deleted_at is null
    where f.status = 'queued' and not exists (
      select 1 from schedule_firings as other join batches as b on b.id = other.batch_id
      where other.schedule_id = f.schedule_id and b.finished_at is null
    )
    order by f.schedule_id, f.fire_time
    limit ${limit}`)),
];

/** Takes the turn when the last one is `intervalMs` ago; of several at once one gets it. */
export const claimTick = async (
  connection: CommonQueryMethods,
  name: string,
  now: Date,
  intervalMs: number,
): Promise<boolean> => {
  const before = new Date(now.getTime() - intervalMs).toISOString();
  const { rowCount } = await connection.query(sql.unsafe`
    insert into ticks as t (name, last_at) values (${name}, ${now.toISOString()})
    on conflict (name) do update set last_at = excluded.last_at
    where t.last_at <= ${before}`);
  return rowCount > 0;
};
