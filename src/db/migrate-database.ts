import { runner } from 'node-pg-migrate';
import { Client, type ClientConfig } from 'pg';
import { seedPrices } from './seed-prices.ts';

type MigrateOptions = {
  databaseUrl: string;
  /** Folder of the `NNNN_words.sql` files; anything else in it is left alone. */
  migrationsDir: string;
  /** Folder of the dated price files; without it no prices are added. */
  pricesDir?: string;
  /** TLS settings that win over what the URL says. */
  ssl?: ClientConfig['ssl'];
  /** What to sign in with instead of the URL's password: a token, say. */
  password?: () => string | Promise<string>;
  /** Gets one line for each migration applied, and one at the end. */
  log?: (line: string) => void;
};

/** `pg` takes the address's word over every setting beside it, also where the address says nothing. */
const withPassword = async ({ databaseUrl, password }: MigrateOptions): Promise<string> => {
  if (password === undefined) return databaseUrl;
  const url = new URL(databaseUrl);
  url.password = await password();
  return url.href;
};

/**
 * Brings a database to the newest schema, in one transaction, then adds missing prices. Safe when several start at once:
 * a session advisory lock lets one through, the others find nothing left to do. So it needs a direct connection, not one
 * through a transaction pooler.
 * @returns the names of the migrations applied by this call
 */
export const migrateDatabase = async (options: MigrateOptions): Promise<string[]> => {
  const log = options.log ?? (() => {});
  const client = new Client({
    connectionString: await withPassword(options),
    connectionTimeoutMillis: 10_000,
    application_name: 'study-query-llm migrate',
    ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
  });
  // A connection lost while idle would otherwise end the process; the next statement reports it as well.
  client.on('error', () => {});
  await client.connect();
  try {
    const applied = await runner({
      dbClient: client,
      dir: options.migrationsDir,
      ignorePattern: '(?!.*\\.sql$).*',
      direction: 'up',
      migrationsTable: 'pgmigrations',
      // The default, 'fail', would make the second of two starting instances end with an error.
      advisoryLockMode: 'wait',
      // Not the default in the runner: without it a failing file leaves the earlier ones behind.
      singleTransaction: true,
      logger: { info: () => {}, warn: log, error: log },
    });
    for (const { name } of applied) log(`migration ${name} applied`);
    const added = options.pricesDir === undefined ? 0 : await seedPrices(client, options.pricesDir);
    log(`database is up to date (${applied.length} migrations applied, ${added} prices added)`);
    return applied.map(({ name }) => name);
  } finally {
    await client.end();
  }
};
