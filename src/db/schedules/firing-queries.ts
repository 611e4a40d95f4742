import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik';
import { ScheduleFiring } from '../../contract/schedule.ts';
import { insertBatch } from '../batches/batch-insert-queries.ts';
import { hasRunningBatch } from './schedule-queries.ts';
import type { FiringRef, NewFiring, NewFiringBatch, ScheduleRepository } from './schedule-repository.ts';

const firingFields: FragmentSqlToken = sql.fragment`
  f.schedule_id as "scheduleId",
  f.fire_time as "fireTime",
  f.status,
  f.detail,
  f.batch_id as "batchId",
  f.decided_at as "decidedAt"`;

/**
 * Writes down the firing, its batch and the next planned time. Whoever decides about a schedule locks its row first, so two that
 * fire at once come one after the other, and the second finds the schedule standing somewhere else. Wants a transaction.
 */
export const recordFiring = async (transaction: CommonQueryMethods, firing: NewFiring): Promise<boolean> => {
  const { scheduleId, start } = firing;
  const fireTime = firing.fireTime.toISOString();
  const { rowCount: stands } = await transaction.query(sql.unsafe`
    select 1 from schedules
    where id = ${scheduleId} and enabled and deleted_at is null and next_fire_at = ${fireTime}
    for no key update`);
  if (stands === 0) return false;
  if (firing.startsAlone && (await hasRunningBatch(transaction, scheduleId))) return false;
  const { rowCount } = await transaction.query(sql.unsafe`
    insert into schedule_firings (schedule_id, fire_time, status, detail, decided_at)
    values (${scheduleId}, ${fireTime}, ${firing.status}, ${firing.detail}, ${firing.decidedAt.toISOString()})
    on conflict (schedule_id, fire_time) do nothing`);
  // Also when it had been recorded (a clock was set back): a schedule that stands at a past firing would come up for ever.
  await transaction.query(sql.unsafe`
    update schedules set next_fire_at = ${firing.nextFireAt?.toISOString() ?? null}::timestamptz
    where id = ${scheduleId}`);
  if (rowCount === 0) return false;
  if (start !== null) await startBatch(transaction, firing, start);
  return true;
};

const startBatch = async (
  transaction: CommonQueryMethods,
  { scheduleId, fireTime }: FiringRef,
  { batch, inputs }: NewFiringBatch,
): Promise<void> => {
  await insertBatch(transaction, batch, inputs);
  await transaction.query(sql.unsafe`
    update schedule_firings set batch_id = ${batch.id}
    where schedule_id = ${scheduleId} and fire_time = ${fireTime.toISOString()}`);
};

/** Wants a transaction. */
export const startQueuedFiring = async (
  transaction: CommonQueryMethods,
  ...[firing, batch]: Parameters<ScheduleRepository['startQueuedFiring']>
): Promise<boolean> => {
  const { rowCount: enabled } = await transaction.query(sql.unsafe`
    select 1 from schedules where id = ${firing.scheduleId} and enabled and deleted_at is null for no key update`);
  if (enabled === 0) return false;
  if (await hasRunningBatch(transaction, firing.scheduleId)) return false;
  const { rowCount } = await transaction.query(sql.unsafe`
    update schedule_firings set status = 'late', decided_at = ${firing.decidedAt.toISOString()}
    where schedule_id = ${firing.scheduleId} and fire_time = ${firing.fireTime.toISOString()} and status = 'queued'`);
  if (rowCount === 0) return false;
  await startBatch(transaction, firing, batch);
  return true;
};

export const skipQueuedFiring = async (
  connection: CommonQueryMethods,
  ...[firing]: Parameters<ScheduleRepository['skipQueuedFiring']>
): Promise<boolean> => {
  const { rowCount } = await connection.query(sql.unsafe`
    update schedule_firings set
      status = 'skipped', detail = ${firing.detail}, decided_at = ${firing.decidedAt.toISOString()}
    where schedule_id = ${firing.scheduleId} and fire_time = ${firing.fireTime.toISOString()} and status = 'queued'`);
  return rowCount > 0;
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
    select ${firingFields}
    from (
      select distinct on (schedule_id) *
      from schedule_firings
      where status = 'queued'
      order by schedule_id, fire_time
    ) as f
    join schedules as s on s.id = f.schedule_id and s.enabled and s.deleted_at is null
    where not exists (
      select 1 from schedule_firings as other join batches as b on b.id = other.batch_id
      where other.schedule_id = f.schedule_id and b.finished_at is null
    )
    order by f.fire_time, f.schedule_id
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
