import type { MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import type { AppEnv } from './app-env.ts';

/**
 * Headers of every answer: nothing may be framed, sniffed or scripted, and nothing of the API is kept by a
 * cache. A handler that sets one of them itself (the documentation page its policy) keeps its own.
 */
export const answerHeaders = (secure: boolean): MiddlewareHandler<AppEnv> => {
  const setSecureHeaders = secureHeaders({
    contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    strictTransportSecurity: secure,
    xFrameOptions: 'DENY',
    // What only browsers long gone obeyed would be weight on every answer.
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
    originAgentCluster: false,
    overwrite: false,
  });
  return async (c, next) => {
    await setSecureHeaders(c, next);
    if (!c.res.headers.has('cache-control')) c.res.headers.set('Cache-Control', 'no-store');
  };
};
