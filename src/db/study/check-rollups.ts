import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import { Timestamp } from '../../contract/common.ts';
import { cellsOf, readyForCells, rollupLevels } from './add-up-hours.ts';
import { inRanges } from './in-ranges.ts';
import { cellNames } from './rollup-cells.ts';
import { firstHours, type RollupStep } from './rollup-hours.ts';
import { bucketEnd, bucketStart, type RollupLevel, rangesOf } from './study-pieces.ts';

const Hour = z.object({ hour: Timestamp });
const Difference = z.object({
  level: z.enum(['hour', 'day', 'week']),
  start: Timestamp,
  rollupRuns: z.number().int(),
  expectedRuns: z.number().int(),
});
const Found = z.object({ differences: z.array(Difference) });
/** `next`: from where to go on; null: the window is through. */
export type CheckedRollups = z.infer<typeof Found> & {
  hoursChecked: number;
  hoursPending: number;
  next: string | null;
};

const toText = (ms: number): string => new Date(ms).toISOString();

/** Beginnings of the level's buckets that end in a window. */
const bucketsOf = (level: RollupLevel, from: number, to: number): number[] => {
  const starts: number[] = [];
  for (let start = bucketStart(level, from); bucketEnd(level, start) <= to; start = bucketEnd(level, start)) {
    starts.push(start);
  }
  return starts;
};

/** Entries of a `with`: what is stored of some buckets and ought not to be, or ought to be and is not, is `odd_LEVEL`. */
const oddOf = (level: RollupLevel, starts: readonly number[]): FragmentSqlToken => {
  const ranges = rangesOf(level, starts);
  const name = (prefix: string) => sql.identifier([`${prefix}_${level}`]);
  const [stored, expected] = [name('stored'), name('expected')];
  return sql.fragment`
    ${stored} as materialized (
      select ${cellNames} from run_rollups
      where level = ${level} and ${inRanges(sql.fragment`bucket_start`, ranges)}
    ), ${expected} as materialized (
      select ${cellNames} from (${cellsOf(level, ranges)}) as cells
    ), ${name('odd')} as (
      select ${level} as level, bucket_start, is_rollup, run_count * by_batch::int as runs from (
        select true as is_rollup, odd.* from (table ${stored} except all table ${expected}) as odd
        union all
        select false, odd.* from (table ${expected} except all table ${stored}) as odd
      ) as odd
    )`;
};

/**
 * Compares what is added up with what it has to be, down to the last digit and bucket: the first hours of a window with their
 * runs, days and weeks that end among them with the level below, so that windows side by side check every bucket once. What
 * waits to be added up is left out. Wants a transaction of its own.
 */
export const checkRollups = async (
  transaction: CommonQueryMethods,
  window: { from: string; to: string },
  step: RollupStep,
): Promise<CheckedRollups> => {
  await transaction.query(sql.unsafe`set transaction isolation level repeatable read read only`);
  await transaction.query(sql.unsafe`select ${readyForCells}`);
  const last = (await firstHours(transaction, window, step)).at(-1);
  const [from, to] = [Date.parse(window.from), Date.parse(window.to)];
  const end = last === undefined ? to : Math.min(to, bucketEnd('hour', Date.parse(last)));
  const pending = await transaction.anyFirst(sql.type(Hour)`
    select distinct hour from rollup_changes
    where hour >= ${toText(bucketStart('week', from))} and hour < ${toText(end)}`);
  const comparable = (level: RollupLevel) => {
    const waiting = new Set(pending.map((hour) => bucketStart(level, Date.parse(hour))));
    return bucketsOf(level, from, end).filter((start) => !waiting.has(start));
  };
  const odd = rollupLevels.map((level) => oddOf(level, comparable(level)));
  const { differences } = await transaction.one(sql.type(Found)`
    with ${sql.join(odd, sql.fragment`, `)}, difference as (
      select level, bucket_start as start,
        coalesce(sum(runs) filter (where is_rollup), 0)::bigint as "rollupRuns",
        coalesce(sum(runs) filter (where not is_rollup), 0)::bigint as "expectedRuns"
      from (table odd_hour union all table odd_day union all table odd_week) as odd
      group by level, bucket_start
    )
    select coalesce(jsonb_agg(to_jsonb(difference) || jsonb_build_object(
        'start', to_char(start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) order by start, level), '[]') as differences
    from difference`);
  const hours = bucketsOf('hour', from, end).length;
  const hoursChecked = comparable('hour').length;
  return {
    differences,
    hoursChecked,
    hoursPending: hours - hoursChecked,
    next: end < to ? toText(end) : null,
  };
};
