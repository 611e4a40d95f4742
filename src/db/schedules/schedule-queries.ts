import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import { Schedule } from '../../contract/schedule.ts';
import { fromCursor, nextCursorOf } from '../cursor.ts';
import type { Page, PageRequest } from '../runs/inference-repository.ts';
import { storableJson, storableText } from '../storable.ts';
import { jsonBytes, maxPageBytes } from '../stored-bytes.ts';
import type { NewSchedule, ScheduleChange } from './schedule-repository.ts';

const scheduleFields: FragmentSqlToken = sql.fragment`
  s.id,
  s.name,
  s.cron,
  s.time_zone as "timeZone",
  s.batch,
  s.overlap,
  s.catch_up as "catchUp",
  s.enabled,
  s.api_key_id as "apiKeyId",
  s.next_fire_at as "nextFireAt",
  s.created_at as "createdAt",
  s.updated_at as "updatedAt"`;

export const insertSchedule = async (
  connection: CommonQueryMethods,
  schedule: NewSchedule,
): Promise<Schedule> => {
  const createdAt = schedule.createdAt.toISOString();
  return connection.one(sql.type(Schedule)`
    insert into schedules as s (
      id, name, cron, time_zone, batch, overlap, catch_up, enabled, api_key_id, next_fire_at, created_at, updated_at
    )
    values (
      ${schedule.id}, ${storableText(schedule.name)}, ${schedule.cron}, ${schedule.timeZone},
      ${storableJson(schedule.batch)}, ${schedule.overlap}, ${schedule.catchUp}, ${schedule.enabled},
      ${schedule.apiKeyId}, ${schedule.nextFireAt?.toISOString() ?? null}, ${createdAt}, ${createdAt}
    )
    returning ${scheduleFields}`);
};

export const findSchedule = async (connection: CommonQueryMethods, id: string): Promise<Schedule | null> =>
  connection.maybeOne(sql.type(Schedule)`
    select ${scheduleFields} from schedules as s where s.id = ${id} and s.deleted_at is null`);

const ListedSchedule = Schedule.extend({ hasNext: z.boolean() });

/** One page, newest first; it ends early when its batches are very long. @throws {AppError} invalid_request for a cursor that is not ours */
export const listSchedules = async (
  connection: CommonQueryMethods,
  page: PageRequest,
): Promise<Page<Schedule>> => {
  const position = page.cursor === undefined ? null : fromCursor(page.cursor);
  const after =
    position === null
      ? sql.fragment`true`
      : sql.fragment`(s.created_at, s.id) < (${position[0]}::timestamptz, ${position[1]}::uuid)`;
  const rows = await connection.any(sql.type(ListedSchedule)`
    with candidate as (
      select s.id, s.created_at,
        lead(s.id) over newest is not null as "hasNext",
        sum(${jsonBytes(sql.fragment`s.batch`)}) over (newest rows between unbounded preceding and 1 preceding)
          as bytes_before
      from schedules as s
      where s.deleted_at is null and ${after}
      window newest as (order by s.created_at desc, s.id desc)
      order by s.created_at desc, s.id desc
      limit ${page.limit}
    )
    select ${scheduleFields}, candidate."hasNext"
    from candidate
    join schedules as s on s.id = candidate.id
    where candidate.bytes_before is null or candidate.bytes_before < ${maxPageBytes}
    order by candidate.created_at desc, candidate.id desc`);
  return { data: rows.map(({ hasNext, ...schedule }) => schedule), nextCursor: nextCursorOf(rows) };
};

/** Changes what is given. */
export const updateSchedule = async (
  connection: CommonQueryMethods,
  id: string,
  change: ScheduleChange,
): Promise<Schedule | null> => {
  const nextFireAt =
    change.nextFireAt === undefined
      ? sql.fragment`s.next_fire_at`
      : sql.fragment`${change.nextFireAt?.toISOString() ?? null}::timestamptz`;
  return connection.maybeOne(sql.type(Schedule)`
    update schedules as s set
      name = coalesce(${change.name ?? null}, s.name),
      cron = coalesce(${change.cron ?? null}, s.cron),
      time_zone = coalesce(${change.timeZone ?? null}, s.time_zone),
      batch = coalesce(${storableJson(change.batch ?? null)}::jsonb, s.batch),
      overlap = coalesce(${change.overlap ?? null}, s.overlap),
      catch_up = coalesce(${change.catchUp ?? null}, s.catch_up),
      enabled = coalesce(${change.enabled ?? null}::bool, s.enabled),
      next_fire_at = ${nextFireAt},
      updated_at = ${change.updatedAt.toISOString()}
    where s.id = ${id} and s.deleted_at is null
    returning ${scheduleFields}`);
};

export const deleteSchedule = async (
  connection: CommonQueryMethods,
  id: string,
  at: Date,
): Promise<boolean> => {
  const { rowCount } = await connection.query(sql.unsafe`
    update schedules set deleted_at = ${at.toISOString()}, enabled = false, next_fire_at = null
    where id = ${id} and deleted_at is null`);
  return rowCount > 0;
};

const ScheduleId = z.object({ id: z.uuid() });

export const listDueSchedules = async (
  connection: CommonQueryMethods,
  now: Date,
  limit: number,
): Promise<string[]> => [
  ...(await connection.anyFirst(sql.type(ScheduleId)`
    select s.id
    from schedules as s
    where s.enabled and s.deleted_at is null and s.next_fire_at <= ${now.toISOString()}
    order by s.next_fire_at, s.id
    limit ${limit}`)),
];

const Running = z.object({ running: z.boolean() });

export const hasRunningBatch = async (connection: CommonQueryMethods, scheduleId: string): Promise<boolean> =>
  connection.oneFirst(sql.type(Running)`
    select exists (
      select 1 from schedule_firings as f join batches as b on b.id = f.batch_id
      where f.schedule_id = ${scheduleId} and b.finished_at is null
    ) as running`);
