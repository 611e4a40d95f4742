import { describe, expect, it } from '@jest/globals';
import { AppError } from '../../src/errors.ts';
import { knownId, sessionToken, startFakeApp, testKeys, unknownId } from '../support/fake-services.ts';

describe('session', () => {
  const attributes = (response: Response) => response.headers.getSetCookie()[0]?.split('; ') ?? [];

  it.each([
    ['http://sq.test', false, 'sq_session', false],
    ['http://sq.test', true, '__Host-sq_session', true],
    ['https://sq.test', false, '__Host-sq_session', true],
  ])('at %s, cookieSecure %s, the cookie is %s', async (base, cookieSecure, name, secure) => {
    const app = startFakeApp({}, { cookieSecure }, base);
    const opened = await app.post('/api/v1/session', { key: testKeys['study:read'] });
    expect(opened.status).toBe(201);
    expect(await opened.json()).toMatchObject({ owner: 'owner of study:read', scopes: ['study:read'] });
    const parts = attributes(opened);
    expect(parts[0]).toBe(`${name}=${sessionToken}`);
    expect(parts).toEqual(expect.arrayContaining(['HttpOnly', 'SameSite=Strict', 'Path=/']));
    expect(parts.includes('Secure')).toBe(secure);
    expect(parts.some((part) => part.startsWith('Domain'))).toBe(false);

    const headers = { cookie: `${name}=${sessionToken}`, 'x-sq-csrf': '1' };
    const who = await app.sendRaw('/api/v1/session', { headers });
    expect(await who.json()).toMatchObject({ owner: 'owner of study:read' });
    const closed = await app.sendRaw('/api/v1/session', { method: 'DELETE', headers });
    expect(closed.status).toBe(204);
    expect(attributes(closed)).toEqual(expect.arrayContaining([`${name}=`, 'Max-Age=0', 'Path=/']));
    const after = await app.sendRaw('/api/v1/session', { headers });
    expect(after.status).toBe(401);
    expect(attributes(after)).toEqual(expect.arrayContaining([`${name}=`, 'Max-Age=0']));
  });

  it('is not opened by a wrong key, nor from another site', async () => {
    const { post } = startFakeApp();
    const wrong = await post('/api/v1/session', { key: testKeys.unknown });
    expect(wrong.status).toBe(401);
    expect(wrong.headers.getSetCookie()).toEqual([]);
    const { sendRaw } = startFakeApp();
    const foreign = await sendRaw('/api/v1/session', {
      method: 'POST',
      body: JSON.stringify({ key: testKeys.admin }),
      headers: { 'content-type': 'application/json', origin: 'https://evil.test' },
    });
    expect(foreign.status).toBe(403);
  });
});

describe('keys', () => {
  it('rotates without a body, and tells the grace that was asked for', async () => {
    const graces: number[] = [];
    const { send, sendRaw, post } = startFakeApp({
      accessService: {
        rotateKey: async (_id, { graceSeconds }) => {
          graces.push(graceSeconds);
          throw new AppError('not_found', 'none');
        },
      },
    });
    const path = `/api/v1/keys/${unknownId}/rotate`;
    expect((await send(path, { method: 'POST' })).status).toBe(404);
    // What the Functions host makes of a request without a body.
    const body = new ReadableStream({ start: (stream) => stream.close() });
    const headers = { authorization: `Bearer ${testKeys.admin}` };
    expect((await sendRaw(path, { method: 'POST', body, headers })).status).toBe(404);
    expect((await post(path, {})).status).toBe(404);
    expect((await post(path, { graceSeconds: 60 })).status).toBe(404);
    expect((await post(path, { graceSeconds: -1 })).status).toBe(400);
    expect((await send(path, { method: 'POST', body: 'x' })).status).toBe(400);
    expect(graces).toEqual([0, 0, 0, 60]);
  });

  it('revokes, and does not know what is not there', async () => {
    const { send } = startFakeApp();
    const revoked = await send(`/api/v1/keys/${knownId}/revoke`, { method: 'POST' });
    expect((await revoked.json()).revokedAt).not.toBeNull();
    expect((await send(`/api/v1/keys/${unknownId}/revoke`, { method: 'POST' })).status).toBe(404);
  });
});

describe('health', () => {
  it('is alive with its version, and ready when database and migrations are', async () => {
    const { sendRaw } = startFakeApp();
    expect(await (await sendRaw('/api/health')).json()).toEqual({ status: 'ok', version: '1.2.3' });
    expect((await sendRaw('/api/ready')).status).toBe(200);
    for (const checks of [
      { database: 'failed', migrations: 'unknown' },
      { database: 'ok', migrations: 'pending' },
    ] as const) {
      const response = await startFakeApp({ readiness: async () => checks }).sendRaw('/api/ready');
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('5');
      expect(await response.json()).toEqual({ status: 'not_ready', checks });
    }
  });
});
