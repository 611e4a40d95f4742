import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';

const QueueFigures = z.object({
  /** Items of unfinished batches that nobody has begun. */
  pendingCount: z.number(),
  /** Seconds since the lease that ended first; 0: none is over. */
  oldestLeaseAgeS: z.number(),
  /** Seconds since the last tick of this name; null: there was none. */
  tickAgeS: z.number().nullable(),
  uploadCount: z.number(),
});
export type QueueFigures = z.infer<typeof QueueFigures>;

/** How much is waiting, and for how long. Each part has an index that holds only what is open. */
export const queueFigures = async (
  connection: CommonQueryMethods,
  tick: string,
  now: Date,
): Promise<QueueFigures> => {
  const at = now.toISOString();
  return connection.one(sql.type(QueueFigures)`
    select
      (
        select count(*)
        from batches as b join batch_items as i on i.batch_id = b.id and i.state = 'pending' and i.shared_from is null
        where b.finished_at is null
      ) as "pendingCount",
      greatest(0, extract(epoch from ${at}::timestamptz - least(
        (select min(i.lease_until) from batch_items as i where i.state = 'leased' and not i.begun),
        (select min(r.lease_until) from inference_runs as r where r.status = 'sending')
      )))::double precision as "oldestLeaseAgeS",
      (
        select extract(epoch from ${at}::timestamptz - t.last_at)::double precision from ticks as t where t.name = ${tick}
      ) as "tickAgeS",
      (select count(*) from uploads) as "uploadCount"`);
};
