import type { HttpMethod } from '@azure/functions';

export type HttpFunction = { name: string; route: string };

/** All that the platform can route. One that is not listed gets an empty 404 from the host, never our 405 problem. */
export const httpMethods: HttpMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * One HTTP function a noun. The host tries routes in the order of these *names* (ignoring case) without precedence, so
 * prefixes are disjoint, and what catches the rest has the last names. Routing inside a prefix is the API's own.
 */
export const httpFunctions: readonly HttpFunction[] = [
  { name: 'batches', route: 'api/v1/batches/{*rest}' },
  { name: 'exports', route: 'api/v1/exports/{*rest}' },
  { name: 'inferences', route: 'api/v1/inferences/{*rest}' },
  { name: 'keys', route: 'api/v1/keys/{*rest}' },
  { name: 'openai', route: 'v1/{*rest}' },
  { name: 'prices', route: 'api/v1/prices/{*rest}' },
  { name: 'providers', route: 'api/v1/providers/{*rest}' },
  { name: 'schedules', route: 'api/v1/schedules/{*rest}' },
  { name: 'search', route: 'api/v1/search/{*rest}' },
  { name: 'session', route: 'api/v1/session/{*rest}' },
  { name: 'study', route: 'api/v1/study/{*rest}' },
  { name: 'uploads', route: 'api/v1/uploads/{*rest}' },
  // Health, documents, and problem answers for unknown paths of the API.
  { name: 'zApi', route: 'api/{*rest}' },
  // The dashboard. The constraint leaves the other prefixes and the host's own alone; the default lets `/` match.
  {
    name: 'zzDashboard',
    route: '{*path:regex(^(?!(api|v1|admin|runtime)(/|$))(.*)$)=index.html}',
  },
];

/** The work of every minute: what is due, what was lost, what has expired. */
export const tickFunction = { name: 'tick', schedule: '0 * * * * *' };
