import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedDatabase } from '../../../local/database/embedded-database.ts';
import { migrateDatabase } from '../../../src/db/migrate-database.ts';
import { createTestDatabase } from '../test-database.ts';

export type ChaosDatabase = {
  url: string;
  kind: 'pglite' | 'postgres';
  /** Kills its process and starts it again on the same files; of a server's database, cuts every connection. */
  crash(): Promise<void>;
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  stop(): Promise<void>;
};

const db = join(import.meta.dirname, '../../../src/db');

const query =
  (url: string): ChaosDatabase['query'] =>
  async <Row extends object>(text: string, values: readonly unknown[] = []) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Row>(text, [...values])).rows;
    } finally {
      await client.end();
    }
  };

/** A migrated database with its files in `folder`, or one of the server that `SQ_TEST_DATABASE_URL` names. */
export const startChaosDatabase = async (folder: string): Promise<ChaosDatabase> => {
  if (process.env.SQ_TEST_DATABASE_URL !== undefined) {
    const { url, drop } = await createTestDatabase();
    const cutAll =
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()';
    return {
      url,
      kind: 'postgres',
      query: query(url),
      crash: async () => void (await query(url)(cutAll)),
      stop: drop,
    };
  }
  const dataDir = join(folder, 'postgres');
  let database = await startEmbeddedDatabase({ dataDir });
  const { url, port } = database;
  const password = decodeURIComponent(new URL(url).password);
  await migrateDatabase({
    databaseUrl: url,
    migrationsDir: join(db, 'migrations'),
    pricesDir: join(db, 'prices'),
  });
  return {
    url,
    kind: 'pglite',
    query: query(url),
    crash: async () => {
      process.kill(database.pid, 'SIGKILL');
      await database.exited;
      database = await startEmbeddedDatabase({ dataDir, port, password });
    },
    stop: () => database.stop(),
  };
};
