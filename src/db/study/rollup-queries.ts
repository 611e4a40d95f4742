import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import { Timestamp } from '../../contract/common.ts';
import { inRanges } from './in-ranges.ts';
import { cellNames, coarserCells, hourCells } from './rollup-cells.ts';
import { bucketEnd, bucketStart, type Range, type RollupLevel, rangesOf } from './study-pieces.ts';

/** Any constant: whoever adds up, or marks for it, holds this advisory lock to the end of its transaction. */
const rollupLock = 7_710_424;

const Locked = z.object({ locked: z.boolean() });
const Hour = z.object({ hour: Timestamp });
const Count = z.object({ count: z.number().int() });

const levels = ['hour', 'day', 'week'] as const;

/** The rows that buckets of a level have to have. */
const cellsOf = (level: RollupLevel, ranges: readonly Range[]): FragmentSqlToken =>
  level === 'hour' ? hourCells(ranges) : coarserCells(level, ranges);

/**
 * Adds up hours in which something changed, newest first, and the days and weeks they belong to. Wants a transaction. The marks
 * are taken before the runs are read: what is committed in between is counted, and its mark, which stays, only makes the
 * hour be added up once more.
 * @returns how many hours; null: another process is at it
 */
export const rollUpHours = async (
  transaction: CommonQueryMethods,
  mostHours: number,
): Promise<number | null> => {
  // Compiling a statement takes longer than running it.
  const locked = await transaction.oneFirst(sql.type(Locked)`
    select pg_try_advisory_xact_lock(${rollupLock}) and set_config('jit', 'off', true) is not null as locked`);
  if (!locked) return null;
  const taken = await transaction.anyFirst(sql.type(Hour)`
    with chosen as (
      select hour from rollup_changes group by hour order by hour desc limit ${mostHours}
    ), taken as (
      delete from rollup_changes as c using chosen where c.hour = chosen.hour
    )
    select hour from chosen`);
  for (const level of taken.length === 0 ? [] : levels) {
    const starts = new Set(taken.map((hour) => bucketStart(level, Date.parse(hour))));
    const ranges = rangesOf(level, starts);
    await transaction.query(sql.unsafe`
      delete from run_rollups where level = ${level} and ${inRanges(sql.fragment`bucket_start`, ranges)}`);
    await transaction.query(sql.unsafe`
      insert into run_rollups (level, ${cellNames})
      select ${level}, ${cellNames} from (${cellsOf(level, ranges)}) as cells`);
  }
  return taken.length;
};

/** From, inclusive, to, exclusive; null: no bound. */
export type RollupWindow = { from: string | null; to: string | null };

/** Marks every hour of a window that has runs, or figures, so that it is added up anew. @returns how many hours */
export const markHours = async (
  connection: CommonQueryMethods,
  { from, to }: RollupWindow,
): Promise<number> =>
  connection.oneFirst(sql.type(Count)`
    with hours as (
      select date_trunc('hour', created_at, 'UTC') as hour from inference_runs
      where created_at >= date_trunc('hour', coalesce(${from}::timestamptz, '-infinity'), 'UTC')
        and created_at < coalesce(${to}::timestamptz, 'infinity')
      union
      select bucket_start from run_rollups
      where level = 'hour' and bucket_start >= date_trunc('hour', coalesce(${from}::timestamptz, '-infinity'), 'UTC')
        and bucket_start < coalesce(${to}::timestamptz, 'infinity')
    ), marked as (
      insert into rollup_changes (hour) select hour from hours returning hour
    )
    select count(*) as count from marked`);

/** How many hours wait to be added up. */
export const countChangedHours = async (connection: CommonQueryMethods): Promise<number> =>
  connection.oneFirst(sql.type(Count)`select count(distinct hour) as count from rollup_changes`);

const Difference = z.object({
  level: z.enum(['hour', 'day', 'week']),
  start: Timestamp,
  rollupRuns: z.number().int(),
  expectedRuns: z.number().int(),
});
const Found = z.object({ differenceCount: z.number().int(), differences: z.array(Difference) });
export type CheckedRollups = z.infer<typeof Found> & { hoursChecked: number; hoursPending: number };

const mostDifferences = 100;

/** Beginnings of the level's buckets that lie in a window and in which nothing waits to be added up. */
const comparable = (level: RollupLevel, from: number, to: number, changed: readonly number[]): number[] => {
  const dirty = new Set(changed.map((hour) => bucketStart(level, hour)));
  const starts: number[] = [];
  for (let start = bucketStart(level, from); ; start = bucketEnd(level, start)) {
    if (bucketEnd(level, start) > to) return starts;
    if (start >= from && !dirty.has(start)) starts.push(start);
  }
};

/**
 * Compares what is added up with what it has to be, down to the last digit and bucket: hours with their runs, days and weeks that
 * lie in the window with the level below. Hours that wait to be added up are left out. Wants a transaction of its own.
 */
export const checkRollups = async (
  transaction: CommonQueryMethods,
  { from, to }: { from: string; to: string },
): Promise<CheckedRollups> => {
  await transaction.query(sql.unsafe`set transaction isolation level repeatable read read only`);
  const pending = await transaction.anyFirst(sql.type(Hour)`
    select distinct hour from rollup_changes
    where hour > ${from}::timestamptz - interval '1 hour' and hour < ${to}
      and set_config('jit', 'off', true) is not null`);
  const changed = pending.map((hour) => Date.parse(hour));
  const starts = (level: RollupLevel) =>
    comparable(level, Math.ceil(Date.parse(from)), Date.parse(to), changed);
  const compared = levels.map((level) => {
    const ranges = rangesOf(level, starts(level));
    const cells = sql.fragment`select ${cellNames} from (${cellsOf(level, ranges)}) as cells`;
    const stored = sql.fragment`select ${cellNames} from run_rollups
      where level = ${level} and ${inRanges(sql.fragment`bucket_start`, ranges)}`;
    return sql.fragment`
      select ${level} as level, bucket_start, is_rollup, run_count * by_batch::int as runs from (
        select true as is_rollup, odd.* from ((${stored}) except all (${cells})) as odd
        union all
        select false, odd.* from ((${cells}) except all (${stored})) as odd
      ) as odd`;
  });
  const found = await transaction.one(sql.type(Found)`
    with odd as (
      ${sql.join(compared, sql.fragment` union all `)}
    ), difference as (
      select level, bucket_start as start,
        coalesce(sum(runs) filter (where is_rollup), 0)::bigint as "rollupRuns",
        coalesce(sum(runs) filter (where not is_rollup), 0)::bigint as "expectedRuns"
      from odd group by level, bucket_start
    )
    select
      (select count(*) from difference) as "differenceCount",
      (select coalesce(jsonb_agg(to_jsonb(listed) || jsonb_build_object(
          'start', to_char(listed.start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))), '[]')
        from (select * from difference order by start, level limit ${mostDifferences}) as listed) as differences`);
  return { ...found, hoursChecked: starts('hour').length, hoursPending: changed.length };
};
