import { type Interceptor, type QueryResultRow, SchemaValidationError } from 'slonik';

/**
 * Parses each row with the schema of its query; Slonik itself only carries the schema. Not for `pool.stream`: there a throw
 * in `transformRow` is an unhandled rejection, so a stream's consumer parses.
 * @throws {SchemaValidationError} when the database and the code disagree about a row
 */
export const createResultParser = (): Interceptor => ({
  name: 'result-parser',
  transformRow: ({ resultParser }, query, row) => {
    if (resultParser === undefined) return row;
    const result = resultParser['~standard'].validate(row);
    if (result instanceof Promise) throw new TypeError('schemas of rows must not be asynchronous');
    if (result.issues !== undefined) throw new SchemaValidationError(query, row, result.issues);
    return result.value as QueryResultRow;
  },
});
