import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JWTPayload } from 'jose';
import type { Scope } from '../../src/contract/api-key.ts';
import { createEntraVerifier } from '../../src/identity/create-entra-verifier.ts';
import { createAccessService } from '../../src/services/access/create-access-service.ts';
import { createMemoryRepository } from '../services/support/memory-repository.ts';
import { audience, startFakeEntra, tenant, userClaims } from '../support/fake-entra.ts';
import { goodQuestion, sessionToken, startFakeApp, testKeys } from '../support/fake-services.ts';

let entra: Awaited<ReturnType<typeof startFakeEntra>>;
beforeAll(async () => {
  entra = await startFakeEntra();
});
afterAll(() => entra.close());

const setUp = () => {
  const { authenticateToken } = createAccessService({
    repository: createMemoryRepository().repository,
    adminKey: null,
    entra: createEntraVerifier<Scope>({
      audiences: [audience],
      tenants: [tenant],
      issuer: null,
      jwksUrl: entra.jwksUrl,
      groups: null,
      roles: { Researcher: ['inference:write'], Reader: ['study:read'], Operator: ['admin'] },
      fetch: globalThis.fetch,
    }),
  });
  const callers: unknown[] = [];
  const app = startFakeApp({
    accessService: { authenticateToken },
    batchService: {
      create: async (_definition, _source, caller) => {
        callers.push(caller);
        throw new Error('far enough');
      },
    },
  });
  const bearer = async (change: JWTPayload = {}) => {
    const claims = { ...userClaims(Math.floor(Date.now() / 1000)), ...change };
    return { authorization: `Bearer ${await entra.sign(claims)}` };
  };
  const get = (path: string, headers: Record<string, string>) => app.sendRaw(path, { headers });
  return { ...app, bearer, get, callers };
};

describe('a caller with an Entra token', () => {
  it('enters where the role allows, and nowhere else', async () => {
    const { send, get, bearer } = setUp();
    const headers = { ...(await bearer()), 'content-type': 'application/json' };
    const asked = await send('/api/v1/inferences', {
      method: 'POST',
      body: JSON.stringify(goodQuestion),
      headers,
    });
    expect(asked.status).toBe(201);
    const keys = await get('/api/v1/keys', headers);
    expect(keys.status).toBe(403);
    expect(keys.headers.get('www-authenticate')).toContain('scope="admin"');
    expect((await get('/api/v1/keys', await bearer({ roles: ['Operator'] }))).status).toBe(200);
  });

  it('is told who it is, until when and what it may do', async () => {
    const { get, bearer } = setUp();
    const who = await get('/api/v1/session', await bearer());
    expect(await who.json()).toEqual({
      owner: 'ada@example.com',
      scopes: ['inference:write'],
      expiresAt: expect.stringMatching(/Z$/),
      credential: 'entra',
    });
  });

  it('is logged by name, and its token never', async () => {
    const { get, bearer, lines } = setUp();
    const headers = await bearer();
    await get('/api/v1/session', headers);
    expect(lines.at(-1)).toMatchObject({ message: 'request', owner: 'ada@example.com', apiKeyId: null });
    expect(JSON.stringify(lines)).not.toContain(headers.authorization.slice(7, 40));
  });

  it('without a role may do nothing, not even ask who it is', async () => {
    const { get, bearer } = setUp();
    for (const path of ['/api/v1/session', '/api/v1/inferences', '/api/v1/keys']) {
      const response = await get(path, await bearer({ roles: [] }));
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ code: 'forbidden' });
    }
  });

  it('has Idempotency-Keys of its own', async () => {
    const { send, bearer, callers } = setUp();
    const body = JSON.stringify({
      targets: [{ provider: 'echo', model: 'echo-1' }],
      items: [{ itemKey: 'a', prompt: 'hello' }],
    });
    const headers = { ...(await bearer({ roles: ['Operator'] })), 'content-type': 'application/json' };
    await send('/api/v1/batches', { method: 'POST', body, headers });
    expect(callers).toMatchObject([
      { apiKeyId: null, callerId: `entra:${tenant}:33333333-0000-0000-0000-000000000000` },
    ]);
  });

  it('is refused with a token that is over, beside whatever else it sends', async () => {
    const { get, bearer } = setUp();
    const over = await bearer({ exp: 1_700_000_000 });
    for (const more of [{}, { cookie: `sq_session=${sessionToken}` }, { 'x-api-key': testKeys.admin }]) {
      const response = await get('/api/v1/inferences', { ...over, ...more });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toContain('invalid_token');
    }
  });

  it.each([
    ['x-ms-token-aad-access-token'],
    ['x-ms-token-aad-id-token'],
    ['x-zumo-auth'],
    ['x-forwarded-authorization'],
    ['x-ms-client-principal'],
  ])('is not known by %s', async (name) => {
    const { get, bearer } = setUp();
    const { authorization } = await bearer({ roles: ['Operator'] });
    const principal = Buffer.from(
      JSON.stringify({ auth_typ: 'aad', claims: [{ typ: 'roles', val: 'Operator' }], role_typ: 'roles' }),
    ).toString('base64');
    const value = name === 'x-ms-client-principal' ? principal : authorization.slice(7);
    for (const headers of [{ [name]: value }, { [name]: value, 'x-ms-client-principal-idp': 'aad' }]) {
      expect((await get('/api/v1/inferences', headers)).status).toBe(401);
    }
  });

  it('gets 503, not 401, while the signing keys cannot be had', async () => {
    const { get, bearer } = setUp();
    const headers = await bearer();
    entra.state.status = 500;
    const response = await get('/api/v1/inferences', headers);
    entra.state.status = 200;
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: 'identity_unavailable', retryable: true });
  });
});

describe('an app that knows no Entra', () => {
  it('refuses every token', async () => {
    const { bearer } = setUp();
    const { sendRaw } = startFakeApp();
    expect((await sendRaw('/api/v1/inferences', { headers: await bearer() })).status).toBe(401);
  });
});
