import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import { Id } from '../../contract/common.ts';
import { unnestRows } from '../unnest-rows.ts';
import type { ClaimResult, IdempotencyClaim, NewRun } from './inference-repository.ts';
import { newRunColumns } from './new-run-columns.ts';
import { insertRunsOf } from './run-queries.ts';

const Claim = z.object({ fingerprint: z.string(), inferenceId: Id });
type Claim = z.infer<typeof Claim>;

/** The claim that counts at `now`; one that has expired is as good as none. */
export const findIdempotencyClaim = async (
  connection: CommonQueryMethods,
  keyHash: string,
  now: Date,
): Promise<Claim | null> =>
  connection.maybeOne(sql.type(Claim)`
    select fingerprint, inference_id as "inferenceId"
    from idempotency_keys
    where key_hash = ${keyHash} and expires_at > ${now.toISOString()}`);

/**
 * Inserts the run only when its key was free or its claim had expired, in one statement: run and claim are committed together
 * or not at all. Of two at once the second waits for the first and then finds its claim.
 */
export const insertRunOnce = async (
  connection: CommonQueryMethods,
  run: NewRun,
  claim: IdempotencyClaim,
): Promise<ClaimResult> => {
  const { rowCount } = await connection.query(sql.unsafe`
    with given as (
      select * from ${unnestRows([run], newRunColumns)}
    ), claim as (
      insert into idempotency_keys (key_hash, fingerprint, inference_id, created_at, expires_at)
      select ${claim.keyHash}, ${claim.fingerprint}, id, created_at, ${claim.expiresAt.toISOString()}::timestamptz
      from given
      on conflict (key_hash) do update set
        fingerprint = excluded.fingerprint,
        inference_id = excluded.inference_id,
        created_at = excluded.created_at,
        expires_at = excluded.expires_at
      where idempotency_keys.expires_at <= excluded.created_at
      returning key_hash
    ), ${insertRunsOf(sql.fragment`given cross join claim`)}`);
  if (rowCount > 0) return { claimed: true };
  const taken = await findIdempotencyClaim(connection, claim.keyHash, run.createdAt);
  // Only a sweep in this very moment can have removed it.
  if (taken === null) throw new Error('the claim of an idempotency key vanished while it was read');
  return { claimed: false, ...taken };
};

export const deleteExpiredClaims = async (connection: CommonQueryMethods, now: Date): Promise<void> => {
  await connection.query(sql.unsafe`delete from idempotency_keys where expires_at < ${now.toISOString()}`);
};
