import { type CommonQueryMethods, sql } from 'slonik';
import { addUpHours, readyForCells, rollupLock } from './add-up-hours.ts';
import { inRanges } from './in-ranges.ts';
import { firstHours, type RollupStep, type RollupWindow } from './rollup-hours.ts';
import { bucketEnd, rangesOf } from './study-pieces.ts';

/** `next`: from where to go on; null: there are no more. */
export type RebuiltHours = { hours: number; next: string | null };

/** Adds up the first hours of a window, changed or not, when whoever is adding up has ended. Wants a transaction. */
export const rebuildHours = async (
  transaction: CommonQueryMethods,
  window: RollupWindow,
  step: RollupStep,
): Promise<RebuiltHours> => {
  await transaction.query(sql.unsafe`select pg_advisory_xact_lock(${rollupLock}), ${readyForCells}`);
  const hours = await firstHours(transaction, window, step);
  const last = hours.at(-1);
  if (last === undefined) return { hours: 0, next: null };
  const ranges = rangesOf('hour', hours.map(Date.parse));
  await transaction.query(sql.unsafe`
    delete from rollup_changes where ${inRanges(sql.fragment`hour`, ranges)}`);
  await addUpHours(transaction, hours);
  return { hours: hours.length, next: new Date(bucketEnd('hour', Date.parse(last))).toISOString() };
};
