import { type Config, loadConfig } from './config.ts';

/**
 * The database's settings alone, for the migrate step: a fault in a provider's setting must not keep a schema from being
 * brought up to date.
 * @throws {ConfigError} that names the faulty setting
 */
export const loadDatabaseConfig = (
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Config['database'] => loadConfig({ DATABASE_URL: environment.DATABASE_URL }).database;
