import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { JWTPayload } from 'jose';
import { createEntraVerifier, type EntraVerifierOptions } from '../../src/identity/create-entra-verifier.ts';
import type { EntraRefusal } from '../../src/identity/entra-verifier.ts';
import { audience, issuer, startFakeEntra, tenant, userClaims } from '../support/fake-entra.ts';

const otherTenant = '77777777-2222-3333-4444-555555555555';
const group = 'aaaaaaaa-0000-0000-0000-000000000001';
const roles = {
  Researcher: ['study:read', 'inference:write'],
  Operator: ['admin'],
  [group]: ['batch:write'],
} as const;
type Granted = (typeof roles)[keyof typeof roles][number];

let entra: Awaited<ReturnType<typeof startFakeEntra>>;
let claims: JWTPayload;
beforeAll(async () => {
  entra = await startFakeEntra();
});
afterAll(() => entra.close());
beforeEach(() => {
  claims = userClaims(Math.floor(Date.now() / 1000));
});
afterEach(() => {
  entra.state.status = 200;
});

const setUp = (options: Partial<EntraVerifierOptions<Granted>> = {}) =>
  createEntraVerifier<Granted>({
    audiences: [audience, 'api://study'],
    tenants: [tenant],
    issuer: null,
    jwksUrl: entra.jwksUrl,
    groups: null,
    roles,
    fetch: globalThis.fetch,
    ...options,
  });

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('an Entra token', () => {
  it('of a person tells who it is and what the role allows', async () => {
    expect(await setUp().verify(await entra.sign(claims))).toEqual({
      owner: 'ada@example.com',
      callerId: `entra:${tenant}:${claims.oid}`,
      scopes: ['study:read', 'inference:write'],
      lacks: null,
      expiresAt: new Date((claims.exp ?? 0) * 1000).toISOString(),
    });
  });

  it('of an application, in version 1, is known by the id of the application', async () => {
    const token = await entra.sign({
      aud: 'api://study',
      iss: `https://sts.windows.net/${tenant}/`,
      exp: claims.exp ?? 0,
      appid: 'an-application',
      oid: 'its-principal',
      tid: tenant,
      roles: ['Operator', 'Operator', 'Unknown'],
      ver: '1.0',
    });
    expect(await setUp().verify(token)).toMatchObject({ owner: 'an-application', scopes: ['admin'] });
  });

  it.each<[string, EntraRefusal, (good: JWTPayload) => JWTPayload]>([
    ['another audience', 'wrong_audience', (good) => ({ ...good, aud: 'https://graph.microsoft.com' })],
    ['no audience', 'wrong_audience', ({ aud: _, ...good }) => good],
    ['another issuer', 'wrong_tenant', (good) => ({ ...good, iss: 'https://evil.example/' })],
    ['another tenant', 'wrong_tenant', (good) => ({ ...good, tid: otherTenant })],
    [
      'another tenant, with its issuer',
      'wrong_tenant',
      (good) => ({ ...good, tid: otherTenant, iss: issuer.replace(tenant, otherTenant) }),
    ],
    [
      'an issuer of its own tenant beside our tenant',
      'wrong_tenant',
      (good) => ({ ...good, iss: issuer.replace(tenant, otherTenant) }),
    ],
    ['no tenant', 'invalid', ({ tid: _, ...good }) => good],
    ['a tenant that is no text', 'wrong_tenant', (good) => ({ ...good, tid: [tenant] })],
    ['an end in the past', 'expired', (good) => ({ ...good, exp: (good.iat ?? 0) - 61 })],
    ['no end', 'invalid', ({ exp: _, ...good }) => good],
    ['a beginning in the future', 'not_yet_valid', (good) => ({ ...good, nbf: (good.iat ?? 0) + 65 })],
    ['no application: an ID token', 'invalid', ({ azp: _, azpacr: __, scp: ___, ...good }) => good],
    ['nobody', 'invalid', ({ oid: _, sub: __, ...good }) => good],
  ])('with %s is refused as %s', async (_, refusal, change) => {
    expect(await setUp().verify(await entra.sign(change(claims)))).toBe(refusal);
  });

  it('may be off by a minute: clocks differ', async () => {
    const late = { ...claims, exp: (claims.iat ?? 0) - 50, nbf: (claims.iat ?? 0) - 500 };
    const early = { ...claims, nbf: (claims.iat ?? 0) + 50 };
    for (const each of [late, early])
      expect(await setUp().verify(await entra.sign(each))).toMatchObject({ owner: 'ada@example.com' });
  });

  it('signed by nobody, by a shared secret or by somebody else is refused', async () => {
    const { kid } = entra.newest();
    const body = base64url(claims);
    const none = `${base64url({ alg: 'none', kid })}.${body}.`;
    const shared = `${base64url({ alg: 'HS256', kid })}.${body}`;
    const secret = JSON.stringify(entra.newest().published);
    const hs256 = `${shared}.${createHmac('sha256', secret).update(shared).digest('base64url')}`;
    const stranger = await entra.sign(claims, { ...(await entra.newKey()), kid });
    const good = await entra.sign(claims);
    const [head = '', , signature = ''] = good.split('.');
    const changed = `${head}.${base64url({ ...claims, roles: ['Operator'] })}.${signature}`;
    const verifier = setUp();
    for (const bad of [none, hs256, stranger, changed, good.slice(0, -4), 'eyJ.e30.x', '']) {
      expect(await verifier.verify(bad)).toBe('invalid');
    }
    expect(await verifier.verify(good)).toMatchObject({ lacks: null });
  });

  it('never chooses where its key comes from', async () => {
    const own = await entra.newKey();
    const evil = await startFakeEntra();
    const { SignJWT } = await import('jose');
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: own.kid, jku: evil.jwksUrl, jwk: own.published })
      .sign(own.privateKey);
    expect(await setUp().verify(token)).toBe('invalid');
    expect(evil.state.fetches).toBe(0);
    await evil.close();
  });
});

describe('the signing keys', () => {
  it('are fetched once, and again for a key that came later', async () => {
    const before = entra.state.fetches;
    const verifier = setUp({ keysCooldownMs: 0 });
    const token = await entra.sign(claims);
    await Promise.all([verifier.verify(token), verifier.verify(token), verifier.verify(token)]);
    expect(entra.state.fetches - before).toBe(1);
    const next = await entra.newKey();
    expect(await verifier.verify(await entra.sign(claims, next))).toBe('invalid');
    entra.state.keys.push(next);
    expect(await verifier.verify(await entra.sign(claims, next))).toMatchObject({ lacks: null });
    expect(await verifier.verify(token)).toMatchObject({ lacks: null });
  });

  it('are not fetched at the pace of whoever invents key ids', async () => {
    const verifier = setUp();
    await verifier.verify(await entra.sign(claims));
    const before = entra.state.fetches;
    for (let turn = 0; turn < 10; turn += 1) {
      expect(await verifier.verify(await entra.sign(claims, await entra.newKey()))).toBe('invalid');
    }
    expect(entra.state.fetches).toBe(before);
  });

  it('are used on for a day when they cannot be fetched', async () => {
    const clock = { now: Date.now() };
    const verifier = setUp({ keysMaxAgeMs: 0, now: () => clock.now });
    expect(await verifier.verify(await entra.sign(claims))).toMatchObject({ lacks: null });
    entra.state.status = 503;
    expect(await verifier.verify(await entra.sign(claims))).toMatchObject({ lacks: null });
    clock.now += 25 * 3_600_000;
    await expect(verifier.verify(await entra.sign(claims))).rejects.toMatchObject({
      code: 'identity_unavailable',
      retryable: true,
    });
  });

  it('that were never there make it unavailable, not wrong', async () => {
    entra.state.status = 500;
    await expect(setUp().verify(await entra.sign(claims))).rejects.toMatchObject({
      code: 'identity_unavailable',
    });
    const away = setUp({ jwksUrl: 'http://127.0.0.1:1/keys' });
    await expect(away.verify(await entra.sign(claims))).rejects.toMatchObject({
      code: 'identity_unavailable',
    });
  });
});

describe('what a token may do', () => {
  const callerOf = async (change: JWTPayload, options: Partial<EntraVerifierOptions<Granted>> = {}) => {
    const caller = await setUp(options).verify(await entra.sign({ ...claims, ...change }));
    if (typeof caller === 'string') throw new Error(caller);
    return caller;
  };

  it.each<[string, JWTPayload, string[]]>([
    ['no role', { roles: undefined }, []],
    ['a role that means nothing here', { roles: ['Reader', 'toString', '__proto__'] }, []],
    ['roles that are no list', { roles: 'Researcher' }, []],
    ['a group that has a meaning', { roles: [], groups: [group.toUpperCase()] }, ['batch:write']],
    ['a role that is called like a group', { roles: [group] }, []],
    ['a group that is called like a role', { roles: [], groups: ['Operator'] }, []],
    ['groups that were too many to name', { roles: [], _claim_names: { groups: 'src1' } }, []],
  ])('%s', async (_, change, scopes) => {
    const caller = await callerOf(change);
    expect([caller.scopes, caller.lacks]).toEqual([scopes, scopes.length === 0 ? 'role' : null]);
  });

  it('is nothing outside of the allowed groups', async () => {
    const groups = ['bbbbbbbb-0000-0000-0000-000000000002'];
    for (const change of [{}, { groups: [group] }])
      expect(await callerOf(change, { groups })).toMatchObject({ scopes: [], lacks: 'group' });
    const scopes = ['study:read', 'inference:write'];
    expect(await callerOf({ groups }, { groups })).toMatchObject({ scopes, lacks: null });
  });

  it('with one issuer for all tenants, a list of tenants still counts', async () => {
    const sovereign = 'https://login.microsoftonline.us/common/v2.0';
    const token = await entra.sign({ ...claims, iss: sovereign, tid: otherTenant });
    expect(await setUp({ issuer: sovereign }).verify(token)).toBe('wrong_tenant');
    expect(await setUp({ issuer: sovereign, tenants: [] }).verify(token)).toMatchObject({ lacks: null });
    expect(await setUp({ issuer: sovereign }).verify(await entra.sign(claims))).toBe('wrong_tenant');
  });
});
