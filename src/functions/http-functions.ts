import type { HttpMethod } from '@azure/functions';

export type HttpFunction = { name: string; route: string };

/** All that the platform can route. One that is not listed gets an empty 404 from the host, never our 405 problem. */
export const httpMethods: HttpMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * One HTTP function a noun. The host tries routes in the order of these *names* (ignoring case) without precedence, so
 * prefixes are disjoint, and what catches the rest has the last names. Routing inside a prefix is the API's own.
 */
export const httpFunctions: readonly HttpFunction[] = [
  { name: 'inferences', route: 'api/v1/inferences/{*rest}' },
  { name: 'keys', route: 'api/v1/keys/{*rest}' },
  { name: 'openai', route: 'v1/{*rest}' },
  { name: 'providers', route: 'api/v1/providers/{*rest}' },
  { name: 'session', route: 'api/v1/session/{*rest}' },
  // Health, documents, and problem answers for unknown paths of the API.
  { name: 'zApi', route: 'api/{*rest}' },
  // The dashboard. The constraint leaves the other prefixes and the host's own alone; the default lets `/` match.
  {
    name: 'zzDashboard',
    route: '{*path:regex(^(?!(api|v1|admin|runtime)(/|$))(.*)$)=index.html}',
  },
];

/** Settles runs whose worker died. Every minute. */
export const sweepFunction = { name: 'sweep', schedule: '0 * * * * *' };
