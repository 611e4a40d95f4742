import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { RouterRoute } from 'hono/types';
import { Scope } from '../contract/api-key.ts';
import type { ApiApp, ApiContext, AppEnv } from './app-env.ts';
import { accessMember, type RouteAccess } from './route-access.ts';

/** What middleware needs to know of the route that is about to answer. */
export type RouteFacts = {
  /** null: the route declares none and is closed. */
  access: RouteAccess | null;
  /** Whether it reads a body, and whether that may be left out. */
  body: 'none' | 'optional' | 'required';
  /** Media types of bodies that it takes, in lower case. */
  bodyTypes: readonly string[];
};

export type RouteTable = {
  /** @returns null when no route matches. */
  find(c: ApiContext): RouteFacts | null;
};

const closed: RouteFacts = { access: null, body: 'none', bodyTypes: [] };
const accessNames: ReadonlySet<unknown> = new Set(['open', 'authenticated', ...Scope.options]);
const isRouteAccess = (value: unknown): value is RouteAccess => accessNames.has(value);

/**
 * Looks up what the definition of a matched route declares. Whatever is registered and isn't one of
 * `middleware` counts as a route, however it was registered: what no definition describes is closed.
 */
export const createRouteTable = (
  app: ApiApp,
  middleware: ReadonlySet<MiddlewareHandler<AppEnv>>,
): RouteTable => {
  const declared = new Map<string, RouteFacts>();
  const byRoute = new Map<RouterRoute, RouteFacts | null>();
  const handlers: ReadonlySet<unknown> = middleware;

  const readDefinitions = () => {
    for (const definition of app.openAPIRegistry.definitions) {
      if (definition.type !== 'route') continue;
      const { method, path, request, [accessMember]: needed } = definition.route;
      const body = request?.body === undefined ? 'none' : request.body.required ? 'required' : 'optional';
      const key = `${method.toUpperCase()} ${path.replaceAll(/\/{(.+?)}/g, '/:$1')}`;
      const bodyTypes = Object.keys(request?.body?.content ?? {}).map((type) => type.toLowerCase());
      declared.set(key, { access: isRouteAccess(needed) ? needed : null, body, bodyTypes });
    }
  };
  const factsOf = (route: RouterRoute): RouteFacts | null => {
    const known = byRoute.get(route);
    if (known !== undefined) return known;
    if (declared.size === 0) readDefinitions();
    const facts = handlers.has(route.handler)
      ? null
      : (declared.get(`${route.method} ${route.path}`) ?? closed);
    byRoute.set(route, facts);
    return facts;
  };

  return {
    find: (c) => {
      let found: RouteFacts | null = null;
      for (const route of matchedRoutes(c)) {
        const facts = factsOf(route);
        if (facts?.access === null) return closed;
        found ??= facts;
      }
      return found;
    },
  };
};
