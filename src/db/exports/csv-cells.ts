import { type FragmentSqlToken, sql } from 'slonik';

/** A column of a CSV file: its name, and its cell as SQL text; null is an empty cell. */
export type CsvColumn = readonly [name: string, cell: FragmentSqlToken];

/** Code points of `= + - @`, tab, line feed and carriage return. */
const formulaStarts = sql.fragment`(61, 43, 45, 64, 9, 10, 13)`;

/**
 * A cell of text, always in quotes (RFC 4180): null is an empty cell, an empty text is `""`. A spreadsheet takes text that begins
 * like a formula for one, so an apostrophe is put before it; also before one that apostrophes stand before already, which makes
 * it clear what to take away again.
 */
export const textCell = (text: FragmentSqlToken): FragmentSqlToken => sql.fragment`(
  case
    when ascii(${text}) in ${formulaStarts}
      or (ascii(${text}) = 39 and ascii(ltrim(${text}, '''')) in ${formulaStarts})
    then '"''' else '"'
  end || replace(${text}, '"', '""') || '"')`;

/** A cell that holds digits, letters of ours and dashes only: a number, an id, an outcome. */
export const plainCell = (value: FragmentSqlToken): FragmentSqlToken => value;

export const booleanCell = (value: FragmentSqlToken): FragmentSqlToken => sql.fragment`${value}::text`;

/** RFC 3339 in UTC, as the API writes it. */
export const utc = (time: FragmentSqlToken): FragmentSqlToken =>
  sql.fragment`to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** JSON begins with a bracket, so that it is no formula. */
export const jsonCell = (json: FragmentSqlToken): FragmentSqlToken =>
  sql.fragment`('"' || replace(${json}::text, '"', '""') || '"')`;

/** One record with its line end; `concat` writes null as nothing. */
export const csvLine = (columns: readonly CsvColumn[]): FragmentSqlToken =>
  sql.fragment`concat(${sql.join(
    columns.map(([, cell]) => cell),
    sql.fragment`, ',', `,
  )}, E'\r\n')`;

export const csvHeader = (columns: readonly CsvColumn[]): string =>
  `${columns.map(([name]) => name).join(',')}\r\n`;
