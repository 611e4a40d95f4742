import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import { BatchResult } from '../../contract/batch-item.ts';
import { Attempt, Inference } from '../../contract/inference.ts';
import { AppError } from '../../errors.ts';
import { itemTables, resultFields } from '../batches/batch-item-queries.ts';
import { fromCursor, fromItemCursor } from '../cursor.ts';
import { allOf, filterConditions } from '../filter-conditions.ts';
import { attemptFields, inferenceFields } from '../runs/inference-fields.ts';
import { jsonBytes, runBytes } from '../stored-bytes.ts';
import { csvLine, utc } from './csv-cells.ts';
import { attemptColumns, messageParts, resultColumns, runColumns } from './export-columns.ts';
import type { ExportRows, ExportRowsPage } from './export-repository.ts';

/**
 * The database writes the rows as they stand in the file, a page in one value, so that JavaScript neither parses nor prints forty
 * values a row.
 */
const PageRow = z.object({
  text: z.string().nullable(),
  rows: z.number(),
  after: z.string(),
  read: z.number(),
  found: z.number(),
});

/** An object of JSON with these members of `x`, as the API has them: times in UTC, money as text. */
const jsonLine = (shape: object): FragmentSqlToken => {
  const members = Object.keys(shape).map((name) => {
    const member = sql.identifier(['x', name]);
    const value = name.endsWith('At')
      ? utc(sql.fragment`${member}`)
      : name === 'costUsd'
        ? sql.fragment`${member}::text`
        : sql.fragment`${member}`;
    return sql.fragment`${value} as ${sql.identifier([name])}`;
  });
  return sql.fragment`(select row_to_json(j)::text from (select ${sql.join(members, sql.fragment`, `)}) as j)`;
};

// The address of a trace is the configuration's affair, not the record's.
const { traceUrl: _, ...runShape } = Inference.shape;

const lines = {
  csv: { runs: csvLine(runColumns), attempts: csvLine(attemptColumns), results: csvLine(resultColumns) },
  json: {
    runs: jsonLine(runShape),
    attempts: jsonLine({ inferenceId: 0, ...Attempt.shape }),
    results: jsonLine(BatchResult.shape),
  },
};
const fields = {
  runs: inferenceFields,
  attempts: sql.fragment`a.run_id as "inferenceId", ${attemptFields}`,
  results: resultFields,
};

/** The line of a row, over the tables that the row is made of. */
const lineOf = ({ what, format }: ExportRows): FragmentSqlToken => {
  if (format === 'csv') return lines.csv[what];
  const line = sql.fragment`(select ${lines.json[what]} from (select ${fields[what]}) as x)`;
  return format === 'jsonl' ? sql.fragment`${line} || E'\n'` : line;
};

type Limits = { limit: number; maxBytes: number };

/** What stands before a row on its page, in rows (`n`) and bytes. One pass tells both. */
const before = (bytes: FragmentSqlToken): FragmentSqlToken => sql.fragment`
  count(*) over so_far as n,
  coalesce(sum((${bytes})::int) over so_far, 0) as bytes_before`;
const soFar = (order: FragmentSqlToken): FragmentSqlToken =>
  sql.fragment`window so_far as (order by ${order} rows between unbounded preceding and 1 preceding)`;

/** An attempt has no long text: its error is cut, and its raw answer isn't exported. */
const attemptBytes = sql.fragment`600 * r.attempt_count`;

/** Runs, one more than the limit; an attempt is read with its run. */
const runsOf = (rows: ExportRows, limit: number): FragmentSqlToken => {
  const conditions = [sql.fragment`r.created_at < ${rows.before}`, ...filterConditions(rows.filter)];
  if (rows.after !== null) {
    const [createdAt, id] = fromCursor(rows.after);
    conditions.push(sql.fragment`(r.created_at, r.id) > (${createdAt}::timestamptz, ${id}::uuid)`);
  }
  return sql.fragment`(
    select r.*, ${before(rows.what === 'attempts' ? attemptBytes : runBytes)}
    from inference_runs as r
    where ${allOf(conditions)}
    ${soFar(sql.fragment`r.created_at, r.id`)}
    order by r.created_at, r.id
    limit ${limit + 1}
  ) as r`;
};

const itemBytes = sql.fragment`
  400 + coalesce(octet_length(r.answer_text), 0)
  + ${jsonBytes(sql.fragment`q.messages`)} + ${jsonBytes(sql.fragment`q.metadata`)}`;

/** Places of the settled items of a batch, one more than the limit. */
const placesOf = (rows: ExportRows, batchId: string, limit: number): FragmentSqlToken => {
  const { outcome } = rows.filter;
  const conditions = [
    sql.fragment`i.batch_id = ${batchId}`,
    sql.fragment`i.state = 'settled'`,
    sql.fragment`i.settled_at < ${rows.before}`,
    ...(outcome === undefined ? [] : [sql.fragment`i.outcome = ${outcome}`]),
    ...(rows.after === null ? [] : [sql.fragment`i.position > ${fromItemCursor(rows.after)}`]),
  ];
  return sql.fragment`(
    select
      i.position,
      ${before(itemBytes)}
    from ${itemTables}
    left join inference_runs as r on r.id = i.run_id
    where ${allOf(conditions)}
    ${soFar(sql.fragment`i.position`)}
    order by i.position
    limit ${limit + 1}
  ) as k`;
};

/** Tables, the place of a row in them, and the key of the last of those that are kept: it is worked out once a page. */
const sourceOf = (rows: ExportRows, { limit, maxBytes }: Limits) => {
  const alias = rows.what === 'results' ? sql.fragment`k` : sql.fragment`r`;
  const n = sql.fragment`${alias}.n`;
  const isKept = sql.fragment`(${n} < ${limit} and ${alias}.bytes_before < ${maxBytes})`;
  const words = (messages: FragmentSqlToken): FragmentSqlToken =>
    rows.format === 'csv'
      ? sql.fragment`left join lateral ${messageParts(messages)} as w on ${isKept}`
      : sql.fragment``;
  if (rows.what !== 'results') {
    // In the order in which the tables come, so that the server need not sort what it has in order.
    const order = sql.fragment`r.created_at, r.id`;
    const attempts = sql.fragment`left join inference_attempts as a on a.run_id = r.id`;
    return {
      tables: sql.fragment`${runsOf(rows, limit)} ${rows.what === 'attempts' ? attempts : words(sql.fragment`r.messages`)}`,
      isKept,
      n,
      order: rows.what === 'attempts' ? sql.fragment`${order}, a.attempt_number` : order,
      key: sql.fragment`json_build_array(
        ${utc(sql.fragment`max(r.created_at) filter (where ${isKept})`)},
        (array_agg(r.id order by ${order}) filter (where ${isKept}))[count(*) filter (where ${isKept})]
      )::text`,
    };
  }
  const { batchId } = rows.filter;
  if (batchId === undefined) throw new AppError('invalid_request', 'Results are those of one batch.');
  return {
    tables: sql.fragment`
      ${placesOf(rows, batchId, limit)}
      join (${itemTables}) on i.batch_id = ${batchId} and i.position = k.position
      left join inference_runs as r on r.id = i.run_id
      ${words(sql.fragment`q.messages`)}`,
    isKept,
    n,
    order: sql.fragment`k.position`,
    key: sql.fragment`json_build_array(max(k.position) filter (where ${isKept}))::text`,
  };
};

/** @throws {AppError} invalid_request for a key that is not of these rows */
export const readExportRows = async (
  connection: CommonQueryMethods,
  rows: ExportRows,
  limits: Limits,
): Promise<ExportRowsPage> => {
  const { tables, isKept, n, order, key } = sourceOf(rows, limits);
  // A run without attempts is no row, and still counts for where its page ends.
  const isRow = rows.what === 'attempts' ? sql.fragment`(${isKept} and a.id is not null)` : isKept;
  const row = await connection.one(sql.type(PageRow)`
    select
      string_agg(
        case when ${isRow} then ${lineOf(rows)} end, ${rows.format === 'json' ? ',\n' : ''} order by ${order}
      ) as "text",
      count(*) filter (where ${isRow}) as rows,
      ${key} as after,
      coalesce(max(${n}) filter (where ${isKept}) + 1, 0) as read,
      coalesce(max(${n}) + 1, 0) as found
    from ${tables}`);
  return {
    text: row.text ?? '',
    rows: row.rows,
    after: row.read === 0 ? null : Buffer.from(row.after).toString('base64url'),
    isLast: row.read === row.found,
    read: row.read,
  };
};
