import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import { Id } from '../../contract/common.ts';
import { Upload, type UploadPart } from '../../contract/upload.ts';
import { storableTextOrNull } from '../storable.ts';
import type { NewUpload, NewUploadPart, UploadChange, UploadCompletion } from './upload-repository.ts';

const uploadFields: FragmentSqlToken = sql.fragment`
  u.id,
  u.name,
  u.content_encoding as "contentEncoding",
  u.status,
  coalesce((select sum(p.bytes) from upload_parts as p where p.upload_id = u.id), 0)::bigint as bytes,
  coalesce((
    select jsonb_agg(
      jsonb_build_object('partNumber', p.part_number, 'bytes', p.bytes, 'sha256', p.sha256)
      order by p.part_number
    )
    from upload_parts as p
    where p.upload_id = u.id
  ), '[]') as parts,
  u.sha256,
  u.created_at as "createdAt",
  u.expires_at as "expiresAt"`;

export const insertUpload = async (connection: CommonQueryMethods, upload: NewUpload): Promise<Upload> =>
  connection.one(sql.type(Upload)`
    insert into uploads as u (id, name, content_encoding, api_key_id, created_at, expires_at)
    values (
      ${upload.id}, ${storableTextOrNull(upload.name)}, ${upload.contentEncoding}, ${upload.apiKeyId},
      ${upload.createdAt.toISOString()}, ${upload.expiresAt.toISOString()}
    )
    returning ${uploadFields}`);

export const findUpload = async (connection: CommonQueryMethods, id: string): Promise<Upload | null> =>
  connection.maybeOne(sql.type(Upload)`select ${uploadFields} from uploads as u where u.id = ${id}`);

/**
 * Locks the row, so that parts and completion come one after the other. What is read together with the lock may be older
 * than the lock: parts are read by a statement of their own.
 */
const lockUpload = async (transaction: CommonQueryMethods, id: string): Promise<Upload | null> => {
  const locked = await transaction.maybeOne(
    sql.type(z.object({ id: Id }))`select id from uploads where id = ${id} for update`,
  );
  return locked === null ? null : findUpload(transaction, id);
};

const changed = async (transaction: CommonQueryMethods, id: string): Promise<UploadChange | null> => {
  const upload = await findUpload(transaction, id);
  return upload && { upload, refused: null };
};

/** In a transaction. */
export const putPart = async (
  transaction: CommonQueryMethods,
  { uploadId, partNumber, bytes, sha256, expiresAt }: NewUploadPart,
): Promise<UploadChange | null> => {
  const upload = await lockUpload(transaction, uploadId);
  if (upload === null) return null;
  if (upload.status === 'completed') return { upload: null, refused: 'completed' };
  await transaction.query(sql.unsafe`
    insert into upload_parts (upload_id, part_number, bytes, sha256)
    values (${uploadId}, ${partNumber}, ${bytes}, ${sha256})
    on conflict (upload_id, part_number) do update set bytes = excluded.bytes, sha256 = excluded.sha256`);
  await transaction.query(sql.unsafe`
    update uploads set expires_at = greatest(expires_at, ${expiresAt.toISOString()}::timestamptz)
    where id = ${uploadId}`);
  return changed(transaction, uploadId);
};

const factsOf = (parts: readonly UploadPart[]): string =>
  parts.map(({ partNumber, bytes, sha256 }) => `${partNumber}:${bytes}:${sha256}`).join();

/** In a transaction. */
export const completeUpload = async (
  transaction: CommonQueryMethods,
  { id, sha256, parts, expiresAt }: UploadCompletion,
): Promise<UploadChange | null> => {
  const upload = await lockUpload(transaction, id);
  if (upload === null) return null;
  if (upload.status === 'completed') return { upload: null, refused: 'completed' };
  if (factsOf(upload.parts) !== factsOf(parts)) return { upload: null, refused: 'parts_changed' };
  await transaction.query(sql.unsafe`
    update uploads set
      status = 'completed',
      sha256 = ${sha256},
      expires_at = greatest(expires_at, ${expiresAt.toISOString()}::timestamptz)
    where id = ${id}`);
  return changed(transaction, id);
};

export const deleteUpload = async (connection: CommonQueryMethods, id: string): Promise<boolean> => {
  const { rowCount } = await connection.query(sql.unsafe`delete from uploads where id = ${id}`);
  return rowCount > 0;
};

export const listExpiredUploads = async (
  connection: CommonQueryMethods,
  now: Date,
  limit: number,
): Promise<string[]> => [
  ...(await connection.anyFirst(sql.type(z.object({ id: Id }))`
    select id from uploads where expires_at <= ${now.toISOString()} order by expires_at, id limit ${limit}`)),
];
