import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik';
import { inRanges } from './in-ranges.ts';
import { cellNames, coarserCells, hourCells } from './rollup-cells.ts';
import { bucketStart, type Range, type RollupLevel, rangesOf } from './study-pieces.ts';

/** Any constant: whoever adds up holds this advisory lock to the end of its transaction. */
export const rollupLock = 7_710_424;

/** True, and a setting of the transaction: an hour is not divided, and one of a million runs takes longer than other statements may. */
export const readyForCells: FragmentSqlToken = sql.fragment`
  -- Compiling such a statement takes longer than running it.
  set_config('jit', 'off', true) is not null and set_config('statement_timeout', '240s', true) is not null`;

export const rollupLevels: readonly RollupLevel[] = ['hour', 'day', 'week'];

/** A select: the rows that buckets of a level have to have. */
export const cellsOf = (level: RollupLevel, ranges: readonly Range[]): FragmentSqlToken =>
  level === 'hour' ? hourCells(ranges) : coarserCells(level, ranges);

/**
 * Adds hours up anew, each named by its beginning, and the days and weeks they belong to. Wants the transaction that has
 * deleted the marks of these hours: what is committed after that is counted, and its mark, which stays, only makes the hour be
 * added up once more.
 */
export const addUpHours = async (
  transaction: CommonQueryMethods,
  hours: readonly string[],
): Promise<void> => {
  for (const level of hours.length === 0 ? [] : rollupLevels) {
    const ranges = rangesOf(level, new Set(hours.map((hour) => bucketStart(level, Date.parse(hour)))));
    await transaction.query(sql.unsafe`
      delete from run_rollups where level = ${level} and ${inRanges(sql.fragment`bucket_start`, ranges)}`);
    await transaction.query(sql.unsafe`
      insert into run_rollups (level, ${cellNames})
      select ${level}, ${cellNames} from (${cellsOf(level, ranges)}) as cells`);
  }
};
