import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import { Id, Timestamp } from '../../contract/common.ts';
import type { CancelRequest } from './inference-repository.ts';

const Requested = z.object({ id: Id, requestedAt: Timestamp });

/** @returns false where there is nothing to stop: no such run, one that has ended, or one that is not streamed */
export const requestCancel = async (
  connection: CommonQueryMethods,
  id: string,
  at: Date,
): Promise<boolean> => {
  const { rowCount } = await connection.query(sql.unsafe`
    update inference_runs set cancel_requested_at = coalesce(cancel_requested_at, ${at.toISOString()})
    where id = ${id} and streamed and settled_at is null`);
  return rowCount > 0;
};

export const findCancelRequests = async (
  connection: CommonQueryMethods,
  ids: readonly string[],
): Promise<CancelRequest[]> => {
  const rows = await connection.any(sql.type(Requested)`
    select id, cancel_requested_at as "requestedAt"
    from inference_runs
    where id = any(${sql.array([...ids], 'uuid')}) and cancel_requested_at is not null`);
  return rows.map(({ id, requestedAt }) => ({ id, requestedAt: new Date(requestedAt) }));
};
