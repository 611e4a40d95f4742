import { describe, expect, it } from '@jest/globals';
import { createRouteTable } from '../../local/host/function-routes.ts';
import { httpFunctions, httpMethods } from '../../src/functions/http-functions.ts';

const routes = createRouteTable(
  httpFunctions.map(({ name, route }) => ({
    metadata: {
      name,
      bindings: { trigger: { type: 'httpTrigger', direction: 'in' as const, route, methods: httpMethods } },
    },
    callback: () => undefined,
  })),
  '',
);
const owner = (path: string) => routes.find('GET', path)?.route.functionName ?? null;

describe('the list of functions', () => {
  it('is taken whole by the host', () => {
    expect(routes.refused).toEqual([]);
    expect(routes.brokenBecause).toBeNull();
    expect(routes.routes).toHaveLength(httpFunctions.length);
  });

  it('has no route that another shadows in name order', () => {
    for (const { name, route } of httpFunctions) {
      const prefix = route.slice(0, Math.max(0, route.indexOf('{')));
      for (const path of [`/${prefix}`, `/${prefix}some/thing`, `/${prefix.toUpperCase()}Some`]) {
        expect([path, owner(path)]).toEqual([path, name]);
      }
    }
  });

  it.each([
    ['/', 'zzDashboard'],
    ['/inferences/1', 'zzDashboard'],
    ['/assets/index.js', 'zzDashboard'],
    ['/apix', 'zzDashboard'],
    ['/api', 'zApi'],
    ['/api/health', 'zApi'],
    ['/api/v1', 'zApi'],
    ['/api/v1/unknown', 'zApi'],
    ['/api/v1/inferencesx', 'zApi'],
    ['/api/v1/inferences', 'inferences'],
    ['/api/v1/inferences/a%2Fb/cancel/', 'inferences'],
    ['/api/v1/schedules/1/firings', 'schedules'],
    ['/v1/chat/completions', 'openai'],
    ['/admin', null],
    ['/runtime/x', null],
    ['//x', null],
  ])('%s belongs to %s', (path, name) => {
    expect(owner(path)).toBe(name);
  });

  it('leaves every method that the platform can route to the API', () => {
    expect([...httpMethods].sort()).toEqual(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']);
  });
});
