import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import { Id } from '../../contract/common.ts';
import { newRunColumns } from '../runs/new-run-columns.ts';
import { insertRunsOf } from '../runs/run-queries.ts';
import { type RowColumn, unnestRows } from '../unnest-rows.ts';
import type { ItemBeginning } from './batch-repository.ts';

const beginningColumns: readonly RowColumn<ItemBeginning>[] = [
  ...newRunColumns.map(
    ([name, type, read]): RowColumn<ItemBeginning> => [name, type, ({ run }) => read(run)],
  ),
  ['item_batch_id', 'uuid', (item) => item.batchId],
  ['position', 'int4', (item) => item.position],
  ['lease_token', 'uuid', (item) => item.leaseToken],
  ['reserved', 'bool', (item) => item.reserved],
];

const BegunRun = z.object({ id: Id });

/**
 * Commits runs as `sending` for items that are still leased, of batches that still run, and whose reservation, where one is
 * needed, still stands. @returns the ids of these runs; one that was begun by an earlier try of the same call is among them
 */
export const beginItems = async (
  connection: CommonQueryMethods,
  items: readonly ItemBeginning[],
): Promise<ReadonlySet<string>> => {
  const { rowCount } = await connection.query(sql.unsafe`
    with asked as (
      select * from ${unnestRows(items, beginningColumns)}
    ), standing as (
      select r.run_id
      from reservations as r join asked on asked.id = r.run_id
      where asked.reserved and r.settled_at is null
      for update of r
    ), item as (
      update batch_items as i set run_id = asked.id, begun = true, attempts = i.attempts + 1
      from asked join batches as b on b.id = asked.item_batch_id
      where i.batch_id = asked.item_batch_id and i.position = asked.position
        and i.state = 'leased' and i.lease_token = asked.lease_token and not i.begun
        and b.status in ('queued', 'running')
        and (not asked.reserved or asked.id in (select run_id from standing))
      returning i.run_id
    ), given as (
      select asked.* from asked join item on item.run_id = asked.id
    ), reservation as (
      update reservations as r set sent = true, expires_at = given.lease_until
      from given
      where r.run_id = given.id and r.settled_at is null
    ), ${insertRunsOf(sql.fragment`given`)}`);
  if (rowCount === items.length) return new Set(items.map(({ run }) => run.id));
  const ids = sql.array(
    items.map(({ run }) => run.id),
    'uuid',
  );
  // Says what is true now, whichever try it was that did it.
  const begun = await connection.anyFirst(sql.type(BegunRun)`
    select r.id
    from inference_runs as r
    join unnest(${ids}) as asked (id) on asked.id = r.id
    where r.status = 'sending'`);
  return new Set(begun);
};
