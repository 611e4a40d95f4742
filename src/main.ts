// Must be evaluated before anything that loads '@azure/functions'.
import './functions/invocation-guard.ts';
import { join } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { type Config, loadConfig } from './config/config.ts';
import { ConfigError } from './config/config-error.ts';
import { createDurableConductor, type DurableConductor } from './functions/durable-conductor.ts';
import { registerMisconfiguredApp } from './functions/misconfigured-app.ts';
import { registerFunctions } from './functions/register-functions.ts';
import { createLogger } from './telemetry/create-logger.ts';
import type { Logger } from './telemetry/logger.ts';

/** What answers requests is loaded with the first one: registering the functions must be quick. */
const openProduct = async (config: Config, logger: Logger, conductor: DurableConductor) => {
  const [{ createServices }, { createApp }] = await Promise.all([
    import('./services.ts'),
    import('./http/create-app.ts'),
  ]);
  const services = createServices(config, { logger, conductor });
  const app = createApp({
    services,
    logger,
    version: packageJson.version,
    staticDir: join(import.meta.dirname, 'static'),
    cookieSecure: config.http.cookieSecure,
    streams: config.http.stream,
  });
  return { services, app };
};

const register = (config: Config): void => {
  const logger = createLogger({ level: config.logLevel, secrets: secretsOf(config) });
  const conductor = createDurableConductor();
  let product: ReturnType<typeof openProduct> | undefined;
  const open = () => {
    product ??= openProduct(config, logger, conductor).catch((error: unknown) => {
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

const secretsOf = (config: Config): string[] =>
  [config.database.url, config.adminKey, ...config.providers.map(secretOf)].flatMap((secret) =>
    secret ? [secret.reveal()] : [],
  );

const secretOf = (provider: Config['providers'][number]) => {
  if (provider.kind === 'azure') return provider.auth.type === 'key' ? provider.auth.key : null;
  return 'key' in provider ? provider.key : null;
};

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
