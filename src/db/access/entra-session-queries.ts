import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import { Scope } from '../../contract/api-key.ts';
import { Timestamp } from '../../contract/common.ts';
import type { EntraSession, NewEntraSession } from '../runs/inference-repository.ts';

const EntraSessionRow = z.object({
  callerId: z.string(),
  owner: z.string(),
  scopes: z.array(Scope),
  expiresAt: Timestamp,
});

export const insertEntraSession = async (
  connection: CommonQueryMethods,
  session: NewEntraSession,
  now: Date,
): Promise<void> => {
  await connection.query(sql.unsafe`
    insert into entra_sessions (token_hash, caller_id, owner, scopes, rules_hash, created_at, expires_at)
    values (
      ${sql.binary(session.tokenHash)}, ${session.callerId}, ${session.owner}, ${sql.array([...session.scopes], 'text')},
      ${sql.binary(session.rulesHash)}, ${now.toISOString()}, ${session.expiresAt}
    )`);
};

/** The session as stored, whether it is over or not: the caller has the clock. */
export const findEntraSession = async (
  connection: CommonQueryMethods,
  tokenHash: Buffer,
  rulesHash: Buffer,
): Promise<EntraSession | null> =>
  connection.maybeOne(sql.type(EntraSessionRow)`
    select caller_id as "callerId", owner, scopes, expires_at as "expiresAt"
    from entra_sessions
    where token_hash = ${sql.binary(tokenHash)} and rules_hash = ${sql.binary(rulesHash)}`);
