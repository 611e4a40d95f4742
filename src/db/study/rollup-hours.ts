import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import { Timestamp } from '../../contract/common.ts';

const Hour = z.object({ hour: Timestamp });
const Count = z.object({ count: z.number().int() });

/** How much one statement takes on: so many hours, and no more of them than have so many runs, but always one. */
export type RollupStep = { mostHours: number; mostRuns: number };
/** From, inclusive, to, exclusive; null: no bound. */
export type RollupWindow = { from: string | null; to: string | null };

/** Entry `chosen` of a `with` that has `hours (hour)`: the first of them, in `order`, as many as a step takes. */
export const chosenHours = (
  order: FragmentSqlToken,
  { mostRuns }: Pick<RollupStep, 'mostRuns'>,
): FragmentSqlToken => sql.fragment`
  sized as (
    select hour, (
      select count(*) from (
        select from inference_runs
        where created_at >= hour and created_at < hour + interval '1 hour'
        limit ${mostRuns}
      ) as counted
    ) as runs
    from hours
  ), chosen as (
    select hour
    from (select hour, sum(runs) over (order by hour ${order}) - runs as runs_before from sized) as summed
    where runs_before < ${mostRuns}
  )`;

/** The hour of the first run, or figure, from a moment on; figures of a day or week are in the hour with which it begins. */
const hourFrom = (moment: FragmentSqlToken): FragmentSqlToken => sql.fragment`
  select date_trunc('hour', least(
    (select min(created_at) from inference_runs where created_at >= ${moment}),
    (
      select min((
        select min(bucket_start) from run_rollups as u where u.level = known.level and u.bucket_start >= ${moment}
      ))
      from (values ('hour'), ('day'), ('week')) as known (level)
    )
  ), 'UTC') as hour`;

/** A select: the hours of a window that have runs or figures, in order, each looked up behind the one before: it reads no runs. */
const hoursOf = ({ from, to }: RollupWindow): FragmentSqlToken => {
  const [first, next] = [
    sql.fragment`date_trunc('hour', coalesce(${from}::timestamptz, '-infinity'), 'UTC')`,
    sql.fragment`found.hour + interval '1 hour'`,
  ];
  return sql.fragment`
    with recursive found (hour) as (
      select hour from (${hourFrom(first)}) as first_hour
      union all
      select following.hour from found cross join lateral (${hourFrom(next)}) as following
      where found.hour < coalesce(${to}::timestamptz, 'infinity')
    )
    select hour from found where hour < coalesce(${to}::timestamptz, 'infinity')`;
};

/** Beginnings of the first hours of a window that have runs or figures, as many as a step takes, in order. */
export const firstHours = (
  connection: CommonQueryMethods,
  window: RollupWindow,
  step: RollupStep,
): Promise<readonly string[]> =>
  connection.anyFirst(sql.type(Hour)`
    with hours as materialized (
      select hour from (${hoursOf(window)}) as found limit ${step.mostHours}
    ), ${chosenHours(sql.fragment`asc`, step)}
    select hour from chosen order by hour`);

/** How many hours of a window have runs or figures. */
export const countHours = (connection: CommonQueryMethods, window: RollupWindow): Promise<number> =>
  connection.oneFirst(sql.type(Count)`select count(*) as count from (${hoursOf(window)}) as found`);
