import type { RegisteredFunction } from './functions-core.ts';
import { compileRouteTemplate, type RouteMatcher } from './route-template.ts';
import type { FunctionMetadata } from './rpc-types.ts';

export type HttpRoute = {
  functionName: string;
  /** Name of the HTTP trigger's binding: a hash that the library made. */
  bindingName: string;
  methods: ReadonlySet<string>;
  template: string;
  match: RouteMatcher;
};

export type RouteMatch = { route: HttpRoute; values: Record<string, string> };

export type RouteTable = {
  routes: readonly HttpRoute[];
  /** Functions that are left out, and why. */
  refused: { functionName: string; reason: string }[];
  /** When set, the real host answers 503 to everything. */
  brokenBecause: string | null;
  /** `rawPath` as it stands in the request line, without the query. */
  find(method: string, rawPath: string): RouteMatch | null;
};

const namePattern = /^[a-zA-Z][a-zA-Z0-9_-]*$/;

const triggerOf = (
  metadata: FunctionMetadata,
): { name: string; type: string; options: Record<string, unknown> } | null => {
  for (const [name, binding] of Object.entries(metadata.bindings)) {
    if (/trigger$/i.test(binding.type)) return { name, type: binding.type.toLowerCase(), options: binding };
  }
  return null;
};

/** The path as Kestrel hands it to routing: escapes decoded, `%2F` and what is no UTF-8 left alone. */
export const decodePath = (rawPath: string): string => {
  if (!rawPath.includes('%')) return rawPath;
  return rawPath.replace(/(?:%(?!2f)[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
};

/**
 * The HTTP routes of the registered functions, tried in the order of the function names ignoring case: templates have
 * no precedence in the Functions host. Names and routes that the real host refuses are left out.
 */
export const createRouteTable = (
  functions: Iterable<RegisteredFunction>,
  routePrefix: string,
): RouteTable => {
  const refused: RouteTable['refused'] = [];
  const routes: HttpRoute[] = [];
  const taken = new Set<string>();
  const seenNames = new Map<string, string>();
  let brokenBecause: string | null = null;

  const sorted = [...functions]
    .map(({ metadata }) => ({ metadata, key: metadata.name.toUpperCase() }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  for (const { metadata, key } of sorted) {
    const functionName = metadata.name;
    const other = seenNames.get(key);
    if (other !== undefined) brokenBecause = `functions ${other} and ${functionName} differ only in case`;
    seenNames.set(key, functionName);
    if (!namePattern.test(functionName)) {
      refused.push({ functionName, reason: `the name does not match ${namePattern.source}` });
      continue;
    }
    const trigger = triggerOf(metadata);
    if (trigger?.type !== 'httptrigger') continue;

    const own = typeof trigger.options.route === 'string' ? trigger.options.route : functionName;
    const template = [routePrefix, own.replace(/^\/+|\/+$/g, '')].filter((part) => part !== '').join('/');
    if (/^(admin|runtime)(\/|$)/i.test(template)) {
      refused.push({ functionName, reason: `the route ${template} begins with admin or runtime` });
      continue;
    }
    const listed = Array.isArray(trigger.options.methods) ? trigger.options.methods : ['GET', 'POST'];
    const methods = new Set(
      listed
        .map((method) => String(method).toUpperCase())
        .filter((method) => {
          const slot = `${method} ${template.toLowerCase()}`;
          if (taken.has(slot)) {
            refused.push({ functionName, reason: `${slot} belongs to a function that sorts earlier` });
            return false;
          }
          taken.add(slot);
          return true;
        }),
    );
    if (methods.size === 0) continue;
    try {
      const match = compileRouteTemplate(template);
      routes.push({ functionName, bindingName: trigger.name, methods, template, match });
    } catch (error) {
      refused.push({ functionName, reason: error instanceof Error ? error.message : String(error) });
    }
  }

  return {
    routes,
    refused,
    brokenBecause,
    find: (method, rawPath) => {
      if (!rawPath.startsWith('/') || rawPath.startsWith('//')) return null;
      const decoded = decodePath(rawPath);
      const path = decoded.endsWith('/') ? decoded.slice(1, -1) : decoded.slice(1);
      for (const route of routes) {
        if (!route.methods.has(method)) continue;
        const values = route.match(path);
        if (values !== null) return { route, values };
      }
      return null;
    },
  };
};
