import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { adminKey, hour, setUpAccess, startedAt, write } from '../support/set-up-access.ts';

let t: ReturnType<typeof setUpAccess>;
beforeEach(() => {
  t = setUpAccess();
});

describe('the first admin key', () => {
  beforeEach(() => {
    t = setUpAccess(adminKey);
  });

  it('gets its row at first use', async () => {
    expect(await t.service.authenticateKey(adminKey)).toMatchObject({
      owner: 'bootstrap',
      scopes: ['admin'],
    });
    expect(t.keys.size).toBe(1);
  });

  it('stays revoked', async () => {
    const principal = await t.service.authenticateKey(adminKey);
    await t.service.revokeKey(principal?.apiKeyId ?? '');
    expect(await t.service.authenticateKey(adminKey)).toBeNull();
    t.clock.now += hour;
    expect(await t.service.authenticateKey(adminKey)).toBeNull();
    expect(t.keys.size).toBe(1);
  });

  it('lets nobody else in', async () => {
    expect(await t.service.authenticateKey(`sq_${'A'.repeat(42)}B`)).toBeNull();
    expect(t.count('insertApiKeyIfAbsent')).toBe(0);
  });
});

describe('sessions', () => {
  it('last 12 hours, by a token that is stored as a hash only', async () => {
    const { key, id } = await t.service.createKey({ owner: 'ada', scopes: ['admin'] });
    const { token, principal, expiresAt } = await t.service.openSession({ key });
    expect(expiresAt).toEqual(new Date(startedAt + 12 * hour));
    expect(principal).toMatchObject({ kind: 'session', apiKeyId: id, expiresAt: expiresAt.toISOString() });
    expect([...t.sessions.keys()]).toEqual([createHash('sha256').update(token).digest('hex')]);
    expect(await t.service.authenticateSession(token)).toEqual(principal);
    t.clock.now += 12 * hour;
    expect(await t.service.authenticateSession(token)).toBeNull();
  });

  it('end with their key', async () => {
    const expiresAt = new Date(startedAt + hour).toISOString();
    const short = await t.service.createKey({ owner: 'ada', scopes: write, expiresAt });
    expect((await t.service.openSession({ key: short.key })).expiresAt.toISOString()).toBe(expiresAt);
    const { key, id } = await t.service.createKey({ owner: 'ada', scopes: write });
    const { token } = await t.service.openSession({ key });
    await t.service.revokeKey(id);
    expect(await t.service.authenticateSession(token)).toBeNull();
  });

  it('can be closed, and need a good key', async () => {
    const { key } = await t.service.createKey({ owner: 'ada', scopes: write });
    const { token } = await t.service.openSession({ key });
    await t.service.closeSession(token);
    expect(await t.service.authenticateSession(token)).toBeNull();
    expect(await t.service.authenticateSession('nonsense')).toBeNull();
    await expect(t.service.openSession({ key: adminKey })).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});
