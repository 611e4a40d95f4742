import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import { Timestamp } from '../../contract/common.ts';
import { addUpHours, readyForCells, rollupLock } from './add-up-hours.ts';
import { chosenHours, type RollupStep } from './rollup-hours.ts';

const Locked = z.object({ locked: z.boolean() });
const Hour = z.object({ hour: Timestamp });

const tryLock = (transaction: CommonQueryMethods): Promise<boolean> =>
  transaction.oneFirst(sql.type(Locked)`
    select pg_try_advisory_xact_lock(${rollupLock}) and ${readyForCells} as locked`);

/**
 * Leaves one mark of each hour that has several. Wants a transaction of its own: readers go through all marks, however long
 * nothing can be added up.
 */
export const gatherMarks = async (transaction: CommonQueryMethods): Promise<void> => {
  if (!(await tryLock(transaction))) return;
  await transaction.query(sql.unsafe`
    with several as (
      select hour from rollup_changes group by hour having count(*) > 1
    ), taken as (
      delete from rollup_changes as c using several where c.hour = several.hour returning c.hour
    )
    insert into rollup_changes (hour) select distinct hour from taken`);
};

/**
 * Adds up hours in which something changed, newest first. Wants a transaction. The hour of `now` is left to the runs: with the
 * next one it would be out of date again.
 * @returns how many hours; null: another process is at it
 */
export const rollUpHours = async (
  transaction: CommonQueryMethods,
  now: Date,
  step: RollupStep,
): Promise<number | null> => {
  if (!(await tryLock(transaction))) return null;
  const taken = await transaction.anyFirst(sql.type(Hour)`
    with hours as (
      select hour from rollup_changes
      where hour < date_trunc('hour', ${now.toISOString()}::timestamptz, 'UTC')
      group by hour order by hour desc limit ${step.mostHours}
    ), ${chosenHours(sql.fragment`desc`, step)}, taken as (
      delete from rollup_changes as c using chosen where c.hour = chosen.hour
    )
    select hour from chosen`);
  await addUpHours(transaction, taken);
  return taken.length;
};
