import pg from 'pg';

/** What the driver's connection can do and its types don't tell. */
type CopyConnection = { sendCopyFromChunk(chunk: Buffer): void; endCopyFrom(): void };

/** Sends one chunk of rows, in PostgreSQL's text format, by `copy … from stdin`. */
export const copyRows = (client: pg.Client, statement: string, rows: string): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const query = new pg.Query(statement);
  const copy = Object.assign(query, {
    handleCopyInResponse: (connection: CopyConnection) => {
      connection.sendCopyFromChunk(Buffer.from(rows));
      connection.endCopyFrom();
    },
  });
  copy.on('end', () => resolve()).on('error', reject);
  client.query(copy);
  return promise;
};

/** A value as the text format has it. */
export const copyValue = (value: string | number | null): string =>
  value === null
    ? '\\N'
    : String(value).replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n');
