import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JWTPayload } from 'jose';
import type { Scope } from '../../src/contract/api-key.ts';
import { createEntraVerifier, type EntraVerifierOptions } from '../../src/identity/create-entra-verifier.ts';
import { createAccessService } from '../../src/services/access/create-access-service.ts';
import { createMemoryRepository } from '../services/support/memory-repository.ts';
import { audience, startFakeEntra, tenant, userClaims } from '../support/fake-entra.ts';
import { goodQuestion, startFakeApp, testKeys } from '../support/fake-services.ts';

const hour = 3_600_000;
const path = '/api/v1/session';
const sameSite = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' };

let entra: Awaited<ReturnType<typeof startFakeEntra>>;
beforeAll(async () => {
  entra = await startFakeEntra();
});
afterAll(() => entra.close());

const setUp = () => {
  const clock = { now: Math.floor(Date.now() / 1000) * 1000 };
  const { repository } = createMemoryRepository();
  const now = () => clock.now;
  /** The app over one database, as it is after a restart with other settings. */
  const start = (rules: Partial<EntraVerifierOptions<Scope>> | null = {}) => {
    const verifier =
      rules &&
      createEntraVerifier<Scope>({
        audiences: [audience],
        tenants: [tenant],
        issuer: null,
        jwksUrl: entra.jwksUrl,
        groups: null,
        roles: { Researcher: ['inference:write'], Reader: ['study:read'] },
        fetch: globalThis.fetch,
        now,
        ...rules,
      });
    const app = startFakeApp({
      accessService: createAccessService({ repository, adminKey: null, entra: verifier, now }),
    });
    const open = (body: unknown, headers: Record<string, string> = {}) =>
      app.sendRaw(path, { method: 'POST', body: JSON.stringify(body), headers: { ...sameSite, ...headers } });
    return { ...app, open };
  };
  const token = (change: JWTPayload = {}) =>
    entra.sign({ ...userClaims(clock.now / 1000), ...change } as JWTPayload);
  return { clock, start, token };
};
const cookieOf = (response: Response) => response.headers.getSetCookie()[0]?.split(';')[0] ?? '';

describe('a session that is opened with an Entra token', () => {
  it('is the same cookie, may do what the roles allow, and is closed', async () => {
    const { start, token, clock } = setUp();
    const app = start();
    const entraToken = await token();
    const opened = await app.open({ entraToken });
    expect(opened.status).toBe(201);
    const session = {
      owner: 'ada@example.com',
      scopes: ['inference:write'],
      expiresAt: new Date(clock.now + hour).toISOString(),
      credential: 'entra',
    };
    expect(await opened.json()).toEqual(session);
    const [attributes = ''] = opened.headers.getSetCookie();
    expect(attributes).toMatch(/^sq_session=[\w-]{43}; .*HttpOnly; SameSite=Strict$/);
    expect(attributes).toContain(`Expires=${new Date(clock.now + hour).toUTCString()}`);

    const headers = { ...sameSite, cookie: cookieOf(opened) };
    expect(await (await app.sendRaw(path, { headers })).json()).toEqual(session);
    const question = { method: 'POST', body: JSON.stringify(goodQuestion), headers };
    expect((await app.sendRaw('/api/v1/inferences', question)).status).toBe(201);
    expect((await app.sendRaw('/api/v1/inferences', { headers })).status).toBe(403);
    const foreign = { ...question, headers: { ...headers, 'sec-fetch-site': 'cross-site' } };
    expect((await app.sendRaw('/api/v1/inferences', foreign)).status).toBe(403);
    const close = { method: 'DELETE', headers: { ...headers, 'x-sq-csrf': '1' } };
    expect((await app.sendRaw(path, close)).status).toBe(204);
    expect((await app.sendRaw(path, { headers })).status).toBe(401);
    expect(JSON.stringify(app.lines)).not.toContain(entraToken.slice(0, 60));
  });

  it.each([
    ['the token', hour, hour],
    ['twelve hours', 28 * hour, 12 * hour],
  ])('ends with %s', async (_, tokenMs, sessionMs) => {
    const { start, token, clock } = setUp();
    const app = start();
    const opened = await app.open({ entraToken: await token({ exp: (clock.now + tokenMs) / 1000 }) });
    const headers = { cookie: cookieOf(opened) };
    clock.now += sessionMs - 1;
    expect((await app.sendRaw(path, { headers })).status).toBe(200);
    clock.now += 1;
    const over = await app.sendRaw(path, { headers });
    expect([over.status, over.headers.getSetCookie()[0]]).toEqual([
      401,
      expect.stringContaining('Max-Age=0'),
    ]);
  });

  it.each<[string, Partial<EntraVerifierOptions<Scope>> | null]>([
    ['a role allows something else', { roles: { Researcher: ['study:read'] } }],
    ['another tenant is let in', { tenants: ['77777777-2222-3333-4444-555555555555'] }],
    ['a group is asked for', { groups: ['aaaaaaaa-0000-0000-0000-000000000001'] }],
    ['Entra is switched off', null],
  ])('is over when %s', async (_, rules) => {
    const { start, token } = setUp();
    const headers = { cookie: cookieOf(await start().open({ entraToken: await token() })) };
    expect((await start().sendRaw(path, { headers })).status).toBe(200);
    expect((await start(rules).sendRaw(path, { headers })).status).toBe(401);
  });

  it.each<[string, number, JWTPayload, RegExp]>([
    ['for another app', 401, { aud: 'https://graph.microsoft.com' }, /another application.*SQ_ENTRA_SCOPE/],
    ['of another tenant', 401, { tid: audience }, /tenant/],
    ['that has ended', 401, { exp: 1_700_000_000 }, /has ended.*clock/],
    ['that has just ended', 401, { exp: Math.floor(Date.now() / 1000) - 20 }, /has ended/],
    ['of the future', 401, { nbf: Math.floor(Date.now() / 1000) + 600 }, /not valid yet.*clock/],
    ['that is an ID token', 401, { azp: undefined }, /no access token/],
    ['without a role', 403, { roles: [] }, /ada@example\.com has none of the roles.*: Researcher, Reader\./],
  ])('is refused for a token %s: %i', async (_, status, change, detail) => {
    const { start, token } = setUp();
    const { open, lines } = start();
    const entraToken = await token(change);
    const response = await open({ entraToken });
    expect([response.status, response.headers.getSetCookie()]).toEqual([status, []]);
    const answer = await response.text();
    expect(JSON.parse(answer).detail).toMatch(detail);
    expect(answer + JSON.stringify(lines)).not.toContain(entraToken.slice(0, 60));
  });

  it('is refused outside of the groups, without Entra, from other sites, and for what is no token', async () => {
    const { start, token } = setUp();
    const entraToken = await token();
    const member = start({ groups: ['aaaaaaaa-0000-0000-0000-000000000001'] });
    expect((await (await member.open({ entraToken })).json()).detail).toContain('in none of the groups');
    expect((await start(null).open({ entraToken })).status).toBe(401);
    const { open } = start();
    expect((await open({ entraToken }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    for (const wrong of ['x', 'eyJ.e30.x', entraToken.slice(0, -9), testKeys.admin])
      expect((await open({ entraToken: wrong })).status).toBe(401);
    for (const body of [{}, { entraToken, key: testKeys.admin }, { entraToken: 'e'.repeat(20_001) }]) {
      const response = await open(body);
      expect([response.status, await response.text()]).toEqual([400, expect.not.stringContaining('eeee')]);
    }
  });

  it('waits while the signing keys cannot be had: 503', async () => {
    const { start, token } = setUp();
    entra.state.status = 500;
    const response = await start().open({ entraToken: await token() });
    entra.state.status = 200;
    expect(await response.json()).toMatchObject({
      status: 503,
      code: 'identity_unavailable',
      retryable: true,
    });
  });
});

describe('how one may sign in', () => {
  it('is told to everybody, and null where keys are all', async () => {
    const entraSignIn = {
      authority: 'https://login.example/tenant',
      clientId: audience,
      scope: 'api://study/x',
    };
    const ask = async (more = {}) => (await startFakeApp({}, more).sendRaw(`${path}/methods`)).json();
    expect(await ask({ entraSignIn })).toEqual({ entra: entraSignIn });
    expect(await ask()).toEqual({ entra: null });
  });
});
