import { parseArgs } from 'node:util';
import { ConfigError } from './config/config-error.ts';
import { loadDatabaseConfig } from './config/database-config.ts';
import { migrateDatabase } from './db/migrate-database.ts';
import { migrationFiles } from './db/migration-files.ts';
import { createTokenSource } from './identity/create-token-source.ts';
import { databasePassword } from './identity/database-password.ts';

// The entry of the migrate step, run by itself before the app. Ends with 0 when the database is up to date, with 2 for wrong words
// or a bad configuration, with 1 for everything else.
const help = `Brings the database that DATABASE_URL names to the newest schema and adds the prices that are missing.

Usage: npm run migrate

SQ_DATABASE_AUTH=entra signs in with a token of the identity in AZURE_CLIENT_ID. The address must lead to the database itself,
not to a pooler.

Ends with 0 when the database is up to date, with 2 for wrong words or settings, with 1 for any other failure.`;

const say = (line: string) => process.stdout.write(`${line}\n`);

try {
  const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h', default: false } } });
  if (values.help) say(help);
  else {
    const { database, identity } = loadDatabaseConfig();
    const password = databasePassword(database.auth, createTokenSource(identity));
    await migrateDatabase({
      databaseUrl: database.url.reveal(),
      ...(password && { password }),
      ...migrationFiles,
      log: say,
    });
  }
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const isUsage = code.startsWith('ERR_PARSE_ARGS');
  const unreachable = !isUsage && /^E[A-Z]/.test(code);
  const where = unreachable ? 'the database that DATABASE_URL names cannot be reached: ' : '';
  process.stderr.write(`migrate: ${where}${message || String(error)}\n`);
  process.exitCode = isUsage || error instanceof ConfigError ? 2 : 1;
}
