import { type FragmentSqlToken, sql } from 'slonik';

/** One column of rows handed to PostgreSQL as arrays: its name, its type (catalogue name), and where a row has it. */
export type RowColumn<Row> = readonly [
  name: string,
  type: 'bool' | 'float8' | 'int4' | 'int8' | 'jsonb' | 'numeric' | 'text' | 'timestamptz' | 'uuid',
  read: (row: Row) => string | number | boolean | null,
];

/**
 * `unnest($1::type[], …) as given (name, …)`: any number of rows in as many parameters as there are columns, so that the
 * statement's text is the same for every number of rows.
 */
export const unnestRows = <Row>(
  rows: readonly Row[],
  columns: readonly RowColumn<Row>[],
): FragmentSqlToken => {
  const comma = sql.fragment`, `;
  const arrays = columns.map(([, type, read]) => sql.array(rows.map(read), type));
  const names = columns.map(([name]) => sql.identifier([name]));
  return sql.fragment`unnest(${sql.join(arrays, comma)}) as given (${sql.join(names, comma)})`;
};
