// Must be evaluated before anything that loads '@azure/functions'.
import './functions/invocation-guard.ts';
import { join } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { type Config, loadConfig } from './config/config.ts';
import { ConfigError } from './config/config-error.ts';
import { Secret } from './config/secret.ts';
import { createDurableConductor } from './functions/durable-conductor.ts';
import { registerMisconfiguredApp } from './functions/misconfigured-app.ts';
import { registerFunctions } from './functions/register-functions.ts';
import { createIdentity } from './identity/create-identity.ts';
import type { ServicesDependencies } from './services.ts';
import { createLogger } from './telemetry/create-logger.ts';

/** What answers requests is loaded with the first one: registering the functions must be quick. */
const openProduct = async (config: Config, shared: ServicesDependencies) => {
  const [{ createServices }, { createApp }] = await Promise.all([
    import('./services.ts'),
    import('./http/create-app.ts'),
  ]);
  const services = createServices(config, shared);
  const app = createApp({
    services,
    logger: shared.logger,
    version: packageJson.version,
    staticDir: join(import.meta.dirname, 'static'),
    cookieSecure: config.http.cookieSecure,
    streams: config.http.stream,
  });
  return { services, app };
};

const register = (config: Config): void => {
  const secrets = new Set(secretsOf(config));
  const logger = createLogger({ level: config.logLevel, secrets });
  const identity = createIdentity(config, { logger, onSecret: (value) => secrets.add(value) });
  const conductor = createDurableConductor();
  let product: ReturnType<typeof openProduct> | undefined;
  const open = () => {
    product ??= openProduct(config, { logger, conductor, identity }).catch((error: unknown) => {
      product = undefined;
      throw error;
    });
    return product;
  };
  registerFunctions({
    handle: async (request) => (await open()).app.fetch(request),
    runLane: async (turn) => (await open()).services.batchRunner.runLane(turn),
    tick: async () => void (await (await open()).services.tickService.tickInTurn()),
    close: async () => (await product)?.services.close(),
    conductor,
    logger,
    httpStream: config.http.stream,
  });
};

/** Those that Key Vault holds are unknown yet: they are added when they are read. */
const secretsOf = (config: Config): string[] =>
  Object.values(config.secrets.settings).flatMap((secret) =>
    secret instanceof Secret ? [secret.reveal()] : [],
  );

try {
  register(loadConfig());
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  // A throw here would leave 404 on every route and one line in a log that nobody reads.
  registerMisconfiguredApp({
    faults: error.faults,
    logger: createLogger({ level: 'info' }),
    httpStream: false,
  });
}
