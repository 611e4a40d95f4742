import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import { Id } from '../../contract/common.ts';
import { Export } from '../../contract/export.ts';
import { fromCursor, toPage } from '../cursor.ts';
import { allOf } from '../filter-conditions.ts';
import type { Page, PageRequest } from '../runs/inference-repository.ts';
import type { NewExport, NewExportPart, OpenExport } from './export-repository.ts';

const exportFields: FragmentSqlToken = sql.fragment`
  e.id,
  e.what,
  e.format,
  e.gzip,
  e.filter,
  e.options,
  e.status,
  e.row_count as "rows",
  e.bytes,
  e.sha256,
  e.error,
  e.created_at as "createdAt",
  e.progressed_at as "progressedAt",
  e.finished_at as "finishedAt",
  e.expires_at as "expiresAt"`;

export const insertExport = async (connection: CommonQueryMethods, created: NewExport): Promise<Export> =>
  connection.one(sql.type(Export)`
    insert into exports as e (
      id, what, format, gzip, filter, options, api_key_id, created_at, progressed_at, expires_at
    )
    values (
      ${created.id}, ${created.what}, ${created.format}, ${created.gzip}, ${JSON.stringify(created.filter)}::jsonb,
      ${JSON.stringify(created.options)}::jsonb,
      ${created.apiKeyId}, ${created.createdAt.toISOString()}, ${created.createdAt.toISOString()},
      ${created.expiresAt.toISOString()}
    )
    returning ${exportFields}`);

export const findExport = async (connection: CommonQueryMethods, id: string): Promise<Export | null> =>
  connection.maybeOne(sql.type(Export)`select ${exportFields} from exports as e where e.id = ${id}`);

const Row = Export.extend({
  resumeAfter: z.string().nullable(),
  parts: z.array(z.object({ partNumber: z.number(), name: z.string(), bytes: z.number() })),
});

/** The export with its parts, of one moment. */
export const openExport = async (connection: CommonQueryMethods, id: string): Promise<OpenExport | null> => {
  const row = await connection.maybeOne(sql.type(Row)`
    select ${exportFields}, e.resume_after as "resumeAfter", coalesce((
      select jsonb_agg(
        jsonb_build_object('partNumber', p.part_number, 'name', p.name, 'bytes', p.bytes) order by p.part_number
      )
      from export_parts as p
      where p.export_id = e.id
    ), '[]') as parts
    from exports as e
    where e.id = ${id}`);
  if (row === null) return null;
  const { resumeAfter, parts, ...found } = row;
  return { export: found, parts, resumeAfter };
};

/** One page of those that have not expired, newest first. @throws {AppError} invalid_request for a cursor that is not ours */
export const listExports = async (
  connection: CommonQueryMethods,
  page: PageRequest,
  now: Date,
): Promise<Page<Export>> => {
  const conditions = [sql.fragment`e.expires_at > ${now.toISOString()}`];
  if (page.cursor !== undefined) {
    const [createdAt, id] = fromCursor(page.cursor);
    conditions.push(sql.fragment`(e.created_at, e.id) < (${createdAt}::timestamptz, ${id}::uuid)`);
  }
  const rows = await connection.any(sql.type(Export)`
    select ${exportFields}
    from exports as e
    where ${allOf(conditions)}
    order by e.created_at desc, e.id desc
    limit ${page.limit + 1}`);
  return toPage(rows, page.limit);
};

/** The number of the part is the fence: of several workers with the same one, the first to commit goes on. */
export const addPart = async (connection: CommonQueryMethods, part: NewExportPart): Promise<boolean> => {
  const now = part.now.toISOString();
  const { rowCount } = await connection.query(sql.unsafe`
    with moved as (
      update exports set
        part_count = ${part.partNumber},
        row_count = row_count + ${part.rows},
        bytes = bytes + ${part.bytes},
        resume_after = ${part.resumeAfter},
        progressed_at = ${now},
        status = ${part.sha256 === null ? 'running' : 'ready'},
        sha256 = ${part.sha256},
        finished_at = ${part.sha256 === null ? null : now}::timestamptz
      where id = ${part.exportId} and status = 'running' and part_count = ${part.partNumber - 1}
      returning id
    )
    insert into export_parts (export_id, part_number, name, bytes)
    select id, ${part.partNumber}, ${part.name}, ${part.bytes} from moved`);
  return rowCount > 0;
};

export const failExport = async (
  connection: CommonQueryMethods,
  id: string,
  error: string,
  now: Date,
): Promise<void> => {
  await connection.query(sql.unsafe`
    update exports set status = 'failed', error = ${error}, finished_at = ${now.toISOString()}
    where id = ${id} and status = 'running'`);
};

export const deleteExport = async (connection: CommonQueryMethods, id: string): Promise<boolean> =>
  (await connection.query(sql.unsafe`delete from exports where id = ${id}`)).rowCount > 0;

export const listExpiredExports = async (
  connection: CommonQueryMethods,
  now: Date,
  limit: number,
): Promise<string[]> => [
  ...(await connection.anyFirst(sql.type(z.object({ id: Id }))`
    select id from exports where expires_at <= ${now.toISOString()} order by expires_at, id limit ${limit}`)),
];

export const listStalledExports = async (
  connection: CommonQueryMethods,
  since: Date,
  limit: number,
): Promise<{ id: string; generation: number }[]> => [
  ...(await connection.any(sql.type(z.object({ id: Id, generation: z.number() }))`
    select id, generation
    from exports
    where status = 'running' and progressed_at <= ${since.toISOString()}
    order by progressed_at, id
    limit ${limit}`)),
];

export const raiseGeneration = async (
  connection: CommonQueryMethods,
  id: string,
  from: number,
  now: Date,
): Promise<boolean> => {
  const { rowCount } = await connection.query(sql.unsafe`
    update exports set generation = generation + 1, progressed_at = ${now.toISOString()}
    where id = ${id} and status = 'running' and generation = ${from}`);
  return rowCount > 0;
};
