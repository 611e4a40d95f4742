import { basename, join } from 'node:path';
import { ConfigError } from './config/config-error.ts';
import { loadDatabaseConfig } from './config/database-config.ts';
import { migrateDatabase } from './db/migrate-database.ts';

// The entry of the migrate step, run by itself before the app. Ends with 0 when the database is up to date, with 2 for a bad
// configuration, with 1 for everything else. The SQL and price files lie beside the built file, or under db in the source.
const here = import.meta.dirname;
const files = basename(here) === 'src' ? join(here, 'db') : here;

try {
  await migrateDatabase({
    databaseUrl: loadDatabaseConfig().url.reveal(),
    migrationsDir: join(files, 'migrations'),
    pricesDir: join(files, 'prices'),
    log: (line) => process.stdout.write(`${line}\n`),
  });
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`migrate: ${message || String(error)}\n`);
  process.exitCode = error instanceof ConfigError ? 2 : 1;
}
