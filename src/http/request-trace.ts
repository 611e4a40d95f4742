import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { AppEnv } from './app-env.ts';

/** Asked every few seconds by whoever watches: they would bury everything else. */
const untraced: ReadonlySet<string> = new Set(['/api/health', '/api/ready']);

/**
 * One span a request, below the `traceparent` of the caller; what the request sets going belongs to it. The header is only ever
 * believed about this: which trace to join. Never the path, which holds ids, nor query, headers or bodies.
 */
export const requestTrace =
  (telemetry: Telemetry): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    if (untraced.has(c.req.path)) return next();
    const { method } = c.req;
    const start = { name: method, kind: 'server' as const, traceparent: c.req.header('traceparent') };
    await telemetry.within(start, async (span) => {
      await next();
      const route = routePath(c, -1);
      const { status } = c.res;
      span.rename(`${method} ${route}`);
      span.note({
        'http.request.method': method,
        'http.route': route,
        'http.response.status_code': status,
        'sq.request.id': c.get('requestId'),
      });
      if (status >= 500) span.fail();
    });
  };
