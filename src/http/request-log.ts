import type { MiddlewareHandler } from 'hono';
import type { Logger } from '../telemetry/logger.ts';
import type { AppEnv } from './app-env.ts';

const longestPath = 300;

/** One line a request, and its id on every line that is written meanwhile. Never bodies, headers or queries: they hold prompts and keys. */
export const requestLog =
  (logger: Logger): MiddlewareHandler<AppEnv> =>
  (c, next) =>
    logger.within({ requestId: c.get('requestId') }, async () => {
      const startedAt = performance.now();
      await next();
      const principal = c.get('principal');
      logger.info('request', {
        method: c.req.method,
        path: c.req.path.slice(0, longestPath),
        status: c.res.status,
        ms: Math.round((performance.now() - startedAt) * 10) / 10,
        ...(principal && { apiKeyId: principal.apiKeyId, owner: principal.owner }),
      });
    });
