import { type Config, loadConfig } from './config.ts';

const names = ['DATABASE_URL', 'SQ_DATABASE_AUTH', 'AZURE_CLIENT_ID'];

/**
 * The database's settings alone, for the migrate step: a fault in a provider's setting must not keep a schema from being
 * brought up to date.
 * @throws {ConfigError} that names the faulty setting
 */
export const loadDatabaseConfig = (
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Pick<Config, 'database' | 'identity'> =>
  loadConfig(Object.fromEntries(names.map((name) => [name, environment[name]])));
