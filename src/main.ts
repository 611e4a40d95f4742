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
import { createLogger, createRedactor } from './telemetry/create-logger.ts';
import type { Telemetry } from './telemetry/telemetry.ts';

/** What answers requests is loaded with the first one: registering the functions must be quick. */
const openProduct = async (
  config: Config,
  shared: ServicesDependencies & { version: string },
  openTelemetry: () => Promise<Telemetry>,
) => {
  const [{ createServices }, telemetry, { createApp }] = await Promise.all([
    import('./services.ts'),
    openTelemetry(),
    import('./http/create-app.ts'),
  ]);
  const services = createServices(config, { ...shared, telemetry });
  await services.prepareDatabase();
  const app = createApp({
    services,
    logger: shared.logger,
    telemetry,
    version: shared.version,
    staticDir: join(import.meta.dirname, 'static'),
    webDir: join(import.meta.dirname, 'web'),
    entraSignIn: config.entra?.signIn ?? null,
    cookieSecure: config.http.cookieSecure,
    streams: config.http.stream,
  });
  return { services, app, telemetry };
};

/** An activity ends itself well before `functionTimeout`. */
const turnMs = 4 * 60_000;

const register = (config: Config): void => {
  const secrets = new Set(secretsOf(config));
  const logger = createLogger({ level: config.logLevel, secrets });
  const identity = createIdentity(config, { logger, onSecret: (value) => secrets.add(value) });
  const redact = (text: string) => createRedactor([...secrets])(text);
  const { version } = packageJson;
  const conductor = createDurableConductor();
  let telemetryOnce: Promise<Telemetry> | undefined;
  // Once, however often the product is opened until its database is there: what it opened would go on beside the next.
  const openTelemetry = () => {
    telemetryOnce ??= import('./wire-telemetry.ts').then(({ wireTelemetry }) =>
      wireTelemetry(config, { logger, identity, redact, version }),
    );
    return telemetryOnce;
  };
  let product: ReturnType<typeof openProduct> | undefined;
  const open = () => {
    product ??= openProduct(config, { logger, conductor, identity, version }, openTelemetry).catch(
      (error: unknown) => {
        product = undefined;
        throw error;
      },
    );
    return product;
  };
  registerFunctions({
    handle: async (request) => {
      const { app, telemetry } = await open();
      const response = await app.fetch(request);
      // Not awaited: the platform sends an answer only when its invocation has ended.
      telemetry.flushSoon();
      return response;
    },
    runLane: async (turn) => {
      const { services, telemetry } = await open();
      return services.batchRunner.runLane(turn).finally(telemetry.flush);
    },
    runExport: async ({ exportId }) => {
      const { services, telemetry } = await open();
      return services.exportRunner.runTurn(exportId, { withinMs: turnMs }).finally(telemetry.flush);
    },
    runEmbedding: async () => {
      const { services, telemetry } = await open();
      const limits = { withinMs: turnMs, isJob: true };
      const { next } = await services.embeddingRunner.runTurn(limits).finally(telemetry.flush);
      return { next };
    },
    tick: async () => {
      const { services, telemetry } = await open();
      await services.prepareDatabase();
      await services.tickService.tickInTurn().finally(telemetry.flush);
    },
    close: async () => {
      if (product === undefined) return;
      const { services, telemetry } = await product;
      // Closing the services may take all the time there is.
      await Promise.all([telemetry.flush(), services.close()]);
      await telemetry.close();
    },
    tracesItself: config.telemetry.applicationInsights !== null,
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
