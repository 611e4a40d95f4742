import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import { Id, Timestamp } from '../../contract/common.ts';
import type { StoredSession } from '../runs/inference-repository.ts';

const StoredSessionRow = z.object({ apiKeyId: Id, expiresAt: Timestamp });

export const insertSession = async (
  connection: CommonQueryMethods,
  session: { tokenHash: Buffer; apiKeyId: string; expiresAt: Date },
  now: Date,
): Promise<void> => {
  await connection.query(sql.unsafe`
    insert into sessions (token_hash, api_key_id, created_at, expires_at)
    values (
      ${sql.binary(session.tokenHash)}, ${session.apiKeyId}, ${now.toISOString()}, ${session.expiresAt.toISOString()}
    )`);
};

/** The session as stored, whether it is over or not: the caller has the clock. */
export const findSession = async (
  connection: CommonQueryMethods,
  tokenHash: Buffer,
): Promise<StoredSession | null> =>
  connection.maybeOne(sql.type(StoredSessionRow)`
    select api_key_id as "apiKeyId", expires_at as "expiresAt"
    from sessions
    where token_hash = ${sql.binary(tokenHash)}`);

/** Whatever it was opened with. */
export const deleteSession = async (connection: CommonQueryMethods, tokenHash: Buffer): Promise<void> => {
  await connection.query(sql.unsafe`
    with ended as (delete from entra_sessions where token_hash = ${sql.binary(tokenHash)})
    delete from sessions where token_hash = ${sql.binary(tokenHash)}`);
};

export const deleteExpiredSessions = async (connection: CommonQueryMethods, now: Date): Promise<void> => {
  await connection.query(sql.unsafe`
    with ended as (delete from entra_sessions where expires_at < ${now.toISOString()})
    delete from sessions where expires_at < ${now.toISOString()}`);
};
