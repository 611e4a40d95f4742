import { describe, expect, it } from '@jest/globals';
import { createRouteTable, decodePath } from '../../local/host/function-routes.ts';
import { compileRouteTemplate } from '../../local/host/route-template.ts';

const fn = (name: string, route: string, methods: string[] = ['GET']) => ({
  metadata: {
    name,
    bindings: {
      [`httpTrigger${name}`]: { type: 'httpTrigger', direction: 'in' as const, route, methods },
      $return: { type: 'http', direction: 'out' as const },
    },
  },
  callback: () => undefined,
});
const table = (...functions: ReturnType<typeof fn>[]) => createRouteTable(functions, '');
const found = (routes: ReturnType<typeof table>, method: string, path: string) => {
  const match = routes.find(method, path);
  return match === null ? null : [match.route.functionName, match.values];
};

describe('compileRouteTemplate', () => {
  it.each<[string, string, Record<string, string> | null]>([
    ['api/things', 'api/things', {}],
    ['api/things', 'API/Things', {}],
    ['api/things', 'api/things/1', null],
    ['api/things', 'api', null],
    ['a/{id}', 'a/B c', { id: 'B c' }],
    ['a/{id}', 'a', null],
    ['a/{id}', 'a//', null],
    ['a/{id}/b', 'a/1/B', { id: '1' }],
    ['a/{id?}', 'a', {}],
    ['a/{id=7}', 'a', { id: '7' }],
    ['a/{id:int}', 'a/12', { id: '12' }],
    ['a/{id:int}', 'a/x', null],
    ['a/{id:int?}', 'a', {}],
    ['a/{id:length(2,3)}', 'a/abcd', null],
    ['a/{id:length(2,3)}', 'a/abc', { id: 'abc' }],
    ['a/{id:guid}', 'a/0190a0c0-0000-7000-8000-000000000000', { id: '0190a0c0-0000-7000-8000-000000000000' }],
    ['a/{id:regex(^x{{2}}$)}', 'a/xx', { id: 'xx' }],
    ['a/{id:regex(^x{{2}}$)}', 'a/x', null],
    ['a/{id:regex(^(b|c)$):minlength(1)}', 'a/C', { id: 'C' }],
    ['a/{*rest}', 'a', {}],
    ['a/{*rest}', 'a/b/c', { rest: 'b/c' }],
    ['a/{*rest}', 'a/b//c', { rest: 'b//c' }],
    ['a/{*rest}', 'ab', null],
    ['{*path}', '', {}],
    ['{*path:regex(^x)}', '', null],
    ['{*path:regex(^x)=x}', '', { path: 'x' }],
    ['{*path:regex(^(?!(api|v1)(/|$))(.*)$)=index.html}', '', { path: 'index.html' }],
    ['{*path:regex(^(?!(api|v1)(/|$))(.*)$)=index.html}', 'assets/a.js', { path: 'assets/a.js' }],
    ['{*path:regex(^(?!(api|v1)(/|$))(.*)$)=index.html}', 'api/x', null],
    ['{*path:regex(^(?!(api|v1)(/|$))(.*)$)=index.html}', 'V1', null],
    ['{*path:regex(^(?!(api|v1)(/|$))(.*)$)=index.html}', 'apis', { path: 'apis' }],
  ])('%s on %s', (template, path, values) => {
    expect(compileRouteTemplate(template)(path)).toEqual(values);
  });

  it.each(['a/{id', 'a/{}', 'a/{*x}/b', 'a/b{id}', 'a/{id:colour}', 'a//b', 'a/{x}y'])(
    'refuses %s',
    (template) => {
      expect(() => compileRouteTemplate(template)).toThrow();
    },
  );
});

describe('createRouteTable', () => {
  it('tries routes in the order of the names, ignoring case, without precedence', () => {
    const routes = table(fn('infSearch', 'inferences/search'), fn('InfGet', 'inferences/{id}'));
    expect(found(routes, 'GET', '/inferences/search')).toEqual(['InfGet', { id: 'search' }]);
    const shadowed = table(fn('things', 'api/things'), fn('dash', '{*path}'));
    expect(found(shadowed, 'GET', '/api/things')?.[0]).toBe('dash');
  });

  it('matches trailing slashes and any case, and nothing that begins with two slashes', () => {
    const routes = table(fn('a', 'api/things/{id}'), fn('z', '{*path}'));
    expect(found(routes, 'GET', '/API/THINGS/x/')).toEqual(['a', { id: 'x' }]);
    expect(found(routes, 'GET', '//x')).toBeNull();
    expect(found(routes, 'GET', '*')).toBeNull();
  });

  it('leaves %2F in a value and decodes every other escape', () => {
    const routes = table(fn('a', 'a/{id}'));
    expect(found(routes, 'GET', '/a/x%2Fy%2fz%20w%C3%A9')).toEqual(['a', { id: 'x%2Fy%2fz wé' }]);
    expect(decodePath('/a/%FF%41')).toBe('/a/%FF%41');
    expect(decodePath('/%61pi')).toBe('/api');
  });

  it('knows no method that is not listed: no HEAD from GET, no OPTIONS', () => {
    const routes = table(fn('a', 'a', ['GET']), fn('b', 'a', ['POST']));
    expect(found(routes, 'GET', '/a')?.[0]).toBe('a');
    expect(found(routes, 'POST', '/a')?.[0]).toBe('b');
    for (const method of ['HEAD', 'OPTIONS', 'PUT']) expect(found(routes, method, '/a')).toBeNull();
  });

  it('drops the later of two functions with one route and method', () => {
    const routes = table(fn('b', 'a/{x}'), fn('a', 'A/{X}'));
    expect(found(routes, 'GET', '/a/1')?.[0]).toBe('a');
    expect(routes.refused.map(({ functionName }) => functionName)).toEqual(['b']);
  });

  it('refuses bad names and the host’s own prefixes, and is broken by names that differ in case only', () => {
    const routes = table(
      fn('1st', 'a'),
      fn('b c', 'b'),
      fn('ok', 'Admin/x'),
      fn('r', 'runtime'),
      fn('fine', 'administer'),
    );
    expect(routes.refused.map(({ functionName }) => functionName)).toEqual(['1st', 'b c', 'ok', 'r']);
    expect(routes.routes.map(({ functionName }) => functionName)).toEqual(['fine']);
    expect(routes.brokenBecause).toBeNull();
    expect(table(fn('same', 'a'), fn('Same', 'b')).brokenBecause).toMatch(/differ only in case/);
  });

  it('puts the prefix of host.json in front', () => {
    const routes = createRouteTable([fn('a', 'things')], 'api');
    expect(found(routes, 'GET', '/api/things')?.[0]).toBe('a');
    expect(found(routes, 'GET', '/things')).toBeNull();
  });
});
