import { randomUUIDv7 } from 'node:crypto';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import type { EntraSignIn } from '../contract/session.ts';
import type { AppServices } from '../services/app-services.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { accessMiddleware } from './access-middleware.ts';
import { answerHeaders } from './answer-headers.ts';
import type { ApiApp, AppEnv } from './app-env.ts';
import { jsonBody } from './json-body.ts';
import { openapiDocument } from './openapi-document.ts';
import { answerError, problemKinds, toAppError, toProblem } from './problems.ts';
import { queryKeys } from './query-keys.ts';
import { requestIdMiddleware } from './request-id.ts';
import { requestLog } from './request-log.ts';
import { requestTrace } from './request-trace.ts';
import { createRouteTable } from './route-table.ts';
import { registerDashboardRoutes } from './routes/dashboard-routes.ts';
import { registerDocumentsRoutes } from './routes/documents-routes.ts';
import { registerExportsRoutes } from './routes/exports-routes.ts';
import { registerHealthRoutes } from './routes/health-routes.ts';
import { registerInferencesRoutes } from './routes/inferences-routes.ts';
import { registerKeysRoutes } from './routes/keys-routes.ts';
import { registerPricesRoutes } from './routes/prices-routes.ts';
import { registerProvidersRoutes } from './routes/providers-routes.ts';
import { registerBatchesRoutes } from './routes/register-batches-routes.ts';
import { registerSchedulesRoutes } from './routes/schedules-routes.ts';
import { registerSearchRoutes } from './routes/search-routes.ts';
import { registerSessionRoutes } from './routes/session-routes.ts';
import { registerStudyRoutes } from './routes/study-routes.ts';
import { registerTickRoute, tickWhenStale } from './routes/tick-routes.ts';
import { registerUploadsRoutes } from './routes/uploads-routes.ts';
import { createSessionCookie } from './session-cookie.ts';
import { knownPathMiddleware } from './unknown-path.ts';
import { toValidationError } from './validation-faults.ts';

export type CreateAppOptions = {
  services: AppServices;
  logger: Logger;
  /** Left out: requests are not traced. */
  telemetry?: Telemetry | undefined;
  version: string;
  /** Folder of the documentation page's files: swagger-ui-bundle.js and swagger-ui.css. */
  staticDir: string;
  /** Folder of the built dashboard; left out or empty: `/` leads to the documentation page. */
  webDir?: string | undefined;
  /** How the dashboard signs people in with Entra; left out: with keys only. */
  entraSignIn?: EntraSignIn | null;
  /** True where TLS ends in front of the app: session cookies are then always `Secure`. */
  cookieSecure?: boolean;
  /** False where a streamed answer reaches the caller in one piece at its end. */
  streams?: boolean;
  /** The longest silence of a streamed answer, in ms. */
  heartbeatMs?: number;
};

/** The API with its routes still open to additions: what isn't declared stays closed. */
export const createApiApp = (options: CreateAppOptions): ApiApp => {
  const {
    services,
    logger,
    telemetry,
    version,
    staticDir,
    webDir,
    entraSignIn = null,
    cookieSecure = false,
    streams = true,
    heartbeatMs,
  } = options;
  const app: ApiApp = new OpenAPIHono<AppEnv>({
    strict: false,
    defaultHook: (result) => {
      if (!result.success) throw toValidationError(result.target, result.error);
    },
  });
  const middleware = new Set<MiddlewareHandler<AppEnv>>();
  const routes = createRouteTable(app, middleware);
  const cookie = createSessionCookie(cookieSecure);

  // From the outside in. The log sees every answer; nothing is read of a body before its sender is known.
  middleware.add(requestIdMiddleware()).add(requestLog(logger));
  if (telemetry?.traces) middleware.add(requestTrace(telemetry));
  middleware
    .add(answerHeaders(cookieSecure))
    .add(knownPathMiddleware(app))
    .add(accessMiddleware({ routes, accessService: services.accessService, cookie, logger }))
    .add(tickWhenStale(services.tickService))
    .add(queryKeys())
    .add(jsonBody(routes));
  for (const handler of middleware) app.use(handler);

  app.onError((error, c) => {
    const appError = toAppError(error);
    if (problemKinds[appError.code].status >= 500) {
      logger.error('request failed', { code: appError.code, error });
    }
    return answerError(c, appError);
  });

  registerInferencesRoutes(app, { service: services.inferenceService, logger, heartbeatMs });
  registerBatchesRoutes(app, { service: services.batchService, streams, logger });
  registerUploadsRoutes(app, services.uploadService);
  registerExportsRoutes(app, services.exportService);
  registerSearchRoutes(app, services.searchService);
  registerSchedulesRoutes(app, services.scheduleService);
  registerStudyRoutes(app, services.studyService);
  registerPricesRoutes(app, services.priceService);
  registerProvidersRoutes(app, services);
  registerKeysRoutes(app, services.accessService);
  registerSessionRoutes(app, { service: services.accessService, cookie, entraSignIn });
  registerTickRoute(app, services.tickService);
  registerHealthRoutes(app, { readiness: () => services.readiness(), version });
  registerDocumentsRoutes(app, { document: () => openapiDocument(version), staticDir });
  registerDashboardRoutes(app, { webDir, loginAuthority: entraSignIn?.authority });
  return app;
};

/**
 * The whole HTTP API: a standard Request in, a standard Response out. Never throws, whatever is thrown
 * inside (a value that isn't an Error passes Hono's own error handling).
 */
export const createApp = (
  options: CreateAppOptions,
): { fetch(request: Request): Response | Promise<Response> } => {
  const app = createApiApp(options);
  const answerThrown = (thrown: unknown): Response => {
    const requestId = randomUUIDv7();
    options.logger.error('request failed outside of error handling', { requestId, error: thrown });
    const problem = toProblem(toAppError(thrown), requestId);
    return new Response(JSON.stringify(problem), {
      status: problem.status,
      headers: { 'Content-Type': 'application/problem+json', 'x-request-id': requestId },
    });
  };
  return {
    fetch: async (request) => {
      try {
        return await app.fetch(request);
      } catch (thrown) {
        return answerThrown(thrown);
      }
    },
  };
};
