import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import { ApiKey } from '../../contract/api-key.ts';
import { fromCursor, toPage } from '../cursor.ts';
import type { NewApiKey, Page, PageRequest, StoredApiKey } from '../runs/inference-repository.ts';

const StoredApiKeyRow = ApiKey.extend({ hash: z.instanceof(Buffer) });

/** The columns of `api_keys` under the contract's names. Never the hash: nothing outside the check needs it. */
const keyFields = sql.fragment`
  id, prefix, owner, scopes, created_at as "createdAt", expires_at as "expiresAt", revoked_at as "revokedAt",
  last_used_at as "lastUsedAt", rotated_from as "rotatedFrom"`;

const keyColumns = sql.fragment`id, hash, prefix, owner, scopes, created_at, expires_at, rotated_from`;

const keyValues = (key: NewApiKey): FragmentSqlToken => sql.fragment`
  ${key.id}::uuid, ${sql.binary(key.hash)}, ${key.prefix}, ${key.owner}, ${sql.array([...key.scopes], 'text')},
  ${key.createdAt.toISOString()}::timestamptz, ${key.expiresAt?.toISOString() ?? null}::timestamptz,
  ${key.rotatedFrom}::uuid`;

export const insertApiKey = async (connection: CommonQueryMethods, key: NewApiKey): Promise<ApiKey> =>
  connection.one(sql.type(ApiKey)`
    insert into api_keys (${keyColumns}) values (${keyValues(key)}) returning ${keyFields}`);

/** Any key with this hash counts, a revoked one as well: revoking the first admin key must last. */
export const insertApiKeyIfAbsent = async (connection: CommonQueryMethods, key: NewApiKey): Promise<void> => {
  await connection.query(sql.unsafe`
    insert into api_keys (${keyColumns}) values (${keyValues(key)}) on conflict (hash) do nothing`);
};

export const findApiKeyByHash = async (
  connection: CommonQueryMethods,
  hash: Buffer,
): Promise<StoredApiKey | null> =>
  connection.maybeOne(sql.type(StoredApiKeyRow)`
    select ${keyFields}, hash from api_keys where hash = ${sql.binary(hash)}`);

export const findApiKey = async (connection: CommonQueryMethods, id: string): Promise<StoredApiKey | null> =>
  connection.maybeOne(sql.type(StoredApiKeyRow)`select ${keyFields}, hash from api_keys where id = ${id}`);

/** One page, newest first. @throws {AppError} invalid_request for a cursor that is not ours */
export const listApiKeys = async (
  connection: CommonQueryMethods,
  page: PageRequest,
): Promise<Page<ApiKey>> => {
  const position = page.cursor === undefined ? null : fromCursor(page.cursor);
  const older =
    position === null
      ? sql.fragment`true`
      : sql.fragment`(created_at, id) < (${position[0]}::timestamptz, ${position[1]}::uuid)`;
  const rows = await connection.any(sql.type(ApiKey)`
    select ${keyFields} from api_keys where ${older} order by created_at desc, id desc limit ${page.limit + 1}`);
  return toPage(rows, page.limit);
};

/**
 * Ends the old key at `oldExpiresAt`, or when it would have ended anyway, and inserts the new one: both or neither. A key has
 * one successor: a repeated or concurrent rotation gets none. The lock is a statement of its own, because only the next one
 * sees what another rotation committed while this one waited.
 */
export const rotateApiKey = async (
  connection: CommonQueryMethods,
  oldId: string,
  oldExpiresAt: Date,
  next: NewApiKey,
): Promise<ApiKey | null> =>
  connection.transaction(async (transaction) => {
    await transaction.query(sql.unsafe`select id from api_keys where id = ${oldId} for update`);
    return transaction.maybeOne(sql.type(ApiKey)`
      with old as (
        update api_keys set expires_at = least(expires_at, ${oldExpiresAt.toISOString()}::timestamptz)
        where id = ${oldId} and revoked_at is null
          and not exists (select from api_keys as successor where successor.rotated_from = ${oldId})
        returning id
      )
      insert into api_keys (${keyColumns}) select ${keyValues(next)} from old returning ${keyFields}`);
  });

/** Keeps the time of the first revocation. */
export const revokeApiKey = async (
  connection: CommonQueryMethods,
  id: string,
  at: Date,
): Promise<ApiKey | null> =>
  connection.maybeOne(sql.type(ApiKey)`
    with ended as (delete from sessions where api_key_id = ${id})
    update api_keys set revoked_at = coalesce(revoked_at, ${at.toISOString()}::timestamptz)
    where id = ${id}
    returning ${keyFields}`);

/** At most one write a minute and key: a busy key would otherwise be the most written row of the database. */
export const touchApiKey = async (connection: CommonQueryMethods, id: string, at: Date): Promise<void> => {
  await connection.query(sql.unsafe`
    update api_keys set last_used_at = ${at.toISOString()}
    where id = ${id}
      and (last_used_at is null or last_used_at < ${at.toISOString()}::timestamptz - interval '1 minute')`);
};
