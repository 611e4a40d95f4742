import { describe, expect, it } from '@jest/globals';
import { createApiApp } from '../../src/http/create-app.ts';
import { routeDefinitions } from '../../src/http/openapi-document.ts';
import { exampleBatchDetail } from '../support/example-batches.ts';
import {
  adminSessionToken,
  fakeAppOptions,
  goodQuestion,
  knownId,
  sessionToken,
  startFakeApp,
  testKeys,
} from '../support/fake-services.ts';

const targets = [{ provider: 'echo', model: 'echo-1' }];
const items = [{ itemKey: 'a', prompt: 'hello' }];
const bodies: Record<string, unknown> = {
  'POST /api/v1/inferences': goodQuestion,
  'POST /api/v1/batches': { targets, items },
  'POST /api/v1/batches/estimate': { targets, items },
  'POST /api/v1/schedules': { name: 'nightly', cron: '0 3 * * *', batch: { targets, items } },
  'PATCH /api/v1/schedules/{id}': { enabled: false },
  'POST /api/v1/keys': { owner: 'someone', scopes: ['study:read'] },
  'POST /api/v1/keys/{id}/rotate': {},
  'POST /api/v1/session': { key: testKeys.admin },
  'POST /api/v1/prices': {
    provider: 'echo',
    model: 'echo-1',
    effectiveFrom: '2030-01-01T00:00:00Z',
    inputPerMillion: '1',
    outputPerMillion: '2.5',
  },
  'POST /api/v1/study/recost': {},
  'POST /api/v1/study/rollups/rebuild': {},
  'POST /api/v1/uploads': {},
  'PUT /api/v1/uploads/{id}/parts/{partNumber}': 'bytes',
  'POST /api/v1/uploads/{id}/complete': { partCount: 1 },
  'POST /api/v1/exports': { what: 'runs', format: 'csv' },
};
const queries: Record<string, string> = {
  'GET /api/v1/study/compare': 'by=provider',
  'GET /api/v1/study/timeseries': 'bucket=day&measure=runs',
  'GET /api/v1/study/distribution': 'of=latencyMs',
  'GET /api/v1/study/counterfactual': 'targetProvider=echo&targetModel=echo-1',
};
const contentTypes: Record<string, string> = {
  'PUT /api/v1/uploads/{id}/parts/{partNumber}': 'application/octet-stream',
};

const queryOf = (name: string) => (queries[name] === undefined ? '' : `?${queries[name]}`);

const routes = routeDefinitions.map(({ method, path, 'x-scope': scope }) => ({
  name: `${method.toUpperCase()} ${path}`,
  method: method.toUpperCase(),
  path: path
    .replaceAll(/\{(?:id|a|b)\}/g, knownId)
    .replace('{file}', 'init.js')
    .replace('{partNumber}', `1?sha256=${'0'.repeat(64)}`)
    .replace(/\/search$/, '/search?text=word')
    .concat(queryOf(`${method.toUpperCase()} ${path}`)),
  scope: String(scope),
}));
type Route = (typeof routes)[number];

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const cookie = (token: string) => ({ cookie: `sq_session=${token}` });
const sameOrigin = { 'sec-fetch-site': 'same-origin', origin: 'http://sq.test', 'x-sq-csrf': '1' };

/** A batch that has ended, because nobody reads its events to their end. */
const batchService = {
  get: async () => ({ ...exampleBatchDetail({ id: knownId }), finishedAt: '2026-01-02T03:05:00.000Z' }),
};
const send = (route: Route, headers: Record<string, string>) => {
  const body = bodies[route.name];
  const type = contentTypes[route.name] ?? 'application/json';
  return startFakeApp({ batchService }).sendRaw(route.path, {
    method: route.method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
    headers: { ...(body !== undefined && { 'content-type': type }), ...headers },
  });
};

const mayEnter = (route: Route, held: string) =>
  held === 'admin' || route.scope === 'open' || route.scope === 'authenticated' || route.scope === held;

describe('access: every registered route', () => {
  it('is one of the definitions, and each definition is registered', () => {
    const { options } = fakeAppOptions();
    const app = createApiApp(options);
    const registered = new Set(
      app.routes
        .filter(({ method }) => method !== 'ALL')
        .map(({ method, path }) => `${method} ${path.replaceAll(/:([^/]+)/g, '{$1}')}`),
    );
    expect([...registered].toSorted()).toEqual(routes.map(({ name }) => name).toSorted());
  });

  it('declares its access', () => {
    const known = ['open', 'authenticated', 'inference:write', 'batch:write', 'study:read', 'admin'];
    for (const route of routes)
      expect([route.name, known]).toEqual([route.name, expect.arrayContaining([route.scope])]);
  });

  it('opens only health, documents, the root and the login', () => {
    expect(routes.filter(({ scope }) => scope === 'open').map(({ name }) => name)).toEqual([
      'POST /api/v1/session',
      'GET /api/v1/session/methods',
      'GET /api/health',
      'GET /api/ready',
      'GET /api/openapi.json',
      'GET /api/docs',
      'GET /api/docs/{file}',
      'GET /',
    ]);
  });

  describe.each(routes)('$name ($scope)', (route) => {
    const isOpen = route.scope === 'open';

    const credentialFree: [string, Record<string, string>][] = [
      ['nothing', {}],
      [
        'forged platform headers',
        {
          'x-ms-client-principal': Buffer.from('{"userRoles":["admin"]}').toString('base64'),
          'x-ms-client-principal-id': 'admin',
          'x-forwarded-user': 'admin',
          'x-forwarded-for': '127.0.0.1',
          'x-forwarded-host': 'sq.test',
          'x-original-url': '/api/health',
          'x-http-method-override': 'GET',
          'x-functions-key': testKeys.admin,
          'x-api-key': testKeys.admin,
          'api-key': testKeys.admin,
        },
      ],
      ['a key in a cookie', { ...cookie(testKeys.admin), ...sameOrigin }],
      ['basic authentication', { authorization: `Basic ${btoa(`admin:${testKeys.admin}`)}` }],
      ['the bare key', { authorization: testKeys.admin }],
      ['two keys in one header', bearer(`${testKeys.unknown}, Bearer ${testKeys.admin}`)],
      ['an unknown key', bearer(testKeys.unknown)],
      ['an expired key', bearer(testKeys.expired)],
      ['a key that is longer', bearer(`${testKeys.admin}a`)],
      ['an unknown session', { ...cookie('no-such-session-anywhere'), ...sameOrigin }],
      [
        'a wrong key beside a good session',
        { ...bearer(testKeys.unknown), ...cookie(sessionToken), ...sameOrigin },
      ],
    ];
    it.each(credentialFree)('answers %s as it should', async (_name, headers) => {
      const response = await send(route, headers);
      if (isOpen) return expect(response.status).toBeLessThan(400);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /);
      expect(await response.json()).toMatchObject({ code: 'unauthenticated', status: 401 });
    });

    it.each(['inference:write', 'batch:write', 'study:read', 'admin'] as const)(
      'with a key of scope %s',
      async (held) => {
        const response = await send(route, bearer(testKeys[held]));
        if (mayEnter(route, held)) return expect(response.status).toBeLessThan(400);
        expect(response.status).toBe(403);
        expect(response.headers.get('www-authenticate')).toContain(`scope="${route.scope}"`);
        expect((await response.json()).detail).toContain(route.scope);
      },
    );

    it.each([
      ['study:read', sessionToken],
      ['admin', adminSessionToken],
    ])('with a session of scope %s', async (held, token) => {
      const response = await send(route, { ...cookie(token), ...sameOrigin });
      if (mayEnter(route, held)) expect(response.status).toBeLessThan(400);
      else expect(response.status).toBe(403);
    });

    const foreign: [string, Record<string, string>][] = [
      ['cross-site', { 'sec-fetch-site': 'cross-site', 'x-sq-csrf': '1' }],
      ['same-site but another origin', { 'sec-fetch-site': 'same-site', 'x-sq-csrf': '1' }],
      ['another origin', { origin: 'https://evil.test', 'x-sq-csrf': '1' }],
      ['another port', { origin: 'http://sq.test:8080', 'x-sq-csrf': '1' }],
      ['an opaque origin', { origin: 'null', 'x-sq-csrf': '1' }],
      [
        'another origin with forged forwarding',
        {
          origin: 'https://evil.test',
          'x-forwarded-host': 'evil.test',
          'x-sq-csrf': '1',
        },
      ],
    ];
    it.each(foreign)('with a session, %s', async (_name, headers) => {
      const response = await send(route, { ...cookie(adminSessionToken), ...headers });
      if (route.method === 'GET') expect(response.status).toBeLessThan(400);
      else expect(response.status).toBe(403);
    });

    it('lets a key in from anywhere: no browser sends it by itself', async () => {
      const response = await send(route, { ...bearer(testKeys.admin), origin: 'https://tool.test' });
      expect(response.status).toBeLessThan(400);
    });
  });
});

describe('access: a session that changes something', () => {
  it('needs a header or a JSON body that no form can send', async () => {
    const { sendRaw } = startFakeApp();
    const path = `/api/v1/keys/${knownId}/revoke`;
    const init = { method: 'POST', headers: { ...cookie(adminSessionToken), origin: 'http://sq.test' } };
    expect((await sendRaw(path, init)).status).toBe(403);
    const form = { ...init.headers, 'content-type': 'text/plain' };
    expect((await sendRaw(path, { method: 'POST', headers: form })).status).toBe(403);
    const marked = { ...init.headers, 'x-sq-csrf': '1' };
    expect((await sendRaw(path, { method: 'POST', headers: marked })).status).toBe(200);
  });
});

describe('access: a route without a declaration', () => {
  it('is closed to everybody, however it was registered', async () => {
    const { options, lines } = fakeAppOptions();
    const app = createApiApp(options);
    app.get('/api/v1/forgotten', (c) => c.text('open'));
    app.all('/api/v1/forgotten-too', (c) => c.text('open'));
    app.use('/api/v1/forgotten-three', async (c) => c.text('open'));
    for (const path of ['forgotten', 'forgotten-too', 'forgotten-three']) {
      for (const headers of [{}, bearer(testKeys.admin)]) {
        const response = await app.request(`http://sq.test/api/v1/${path}`, { headers });
        expect(response.status).toBe(403);
        expect(await response.json()).toMatchObject({ code: 'forbidden' });
      }
    }
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(6);
  });
});
