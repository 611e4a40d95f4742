import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { hour, minute, setUpAccess, startedAt, write } from '../support/set-up-access.ts';

let t: ReturnType<typeof setUpAccess>;
beforeEach(() => {
  t = setUpAccess();
});

describe('keys', () => {
  it('are shown once and stored as hash and prefix only', async () => {
    const created = await t.service.createKey({
      owner: 'ada',
      scopes: ['inference:write', 'inference:write'],
    });
    expect(created).toMatchObject({ owner: 'ada', scopes: write, expiresAt: null, rotatedFrom: null });
    expect(created.key).toMatch(/^sq_[A-Za-z0-9_-]{43}$/);
    expect(created.prefix).toBe(created.key.slice(0, 11));
    const [stored] = [...t.keys.values()];
    expect(stored?.hash).toEqual(createHash('sha256').update(created.key).digest());
    expect(JSON.stringify([...t.keys.values()])).not.toContain(created.key);
    expect(JSON.stringify(await t.service.listKeys({ limit: 10 }))).not.toContain(created.key);
  });

  it('prove who is calling', async () => {
    const { key, id } = await t.service.createKey({ owner: 'ada', scopes: write });
    expect(await t.service.authenticateKey(key)).toEqual({
      kind: 'api_key',
      apiKeyId: id,
      callerId: id,
      owner: 'ada',
      scopes: write,
      expiresAt: null,
    });
  });

  it.each([
    '',
    'sq_',
    `sq_${'B'.repeat(43)}`,
    `sk_${'B'.repeat(43)}`,
    `sq_${'B'.repeat(44)}`,
    `sq_${'B'.repeat(42)}\n`,
  ])('unknown: %j', async (key) => {
    expect(await t.service.authenticateKey(key)).toBeNull();
  });

  it('do not match when only the look-up does', async () => {
    const { key } = await t.service.createKey({ owner: 'ada', scopes: write });
    const find = t.repository.findApiKeyByHash;
    t.repository.findApiKeyByHash = async () => find(createHash('sha256').update(key).digest());
    expect(await t.service.authenticateKey(`sq_${'B'.repeat(43)}`)).toBeNull();
  });

  it('cannot be born expired', async () => {
    const expiresAt = new Date(startedAt).toISOString();
    await expect(t.service.createKey({ owner: 'ada', scopes: write, expiresAt })).rejects.toMatchObject({
      code: 'invalid_request',
      faults: [{ pointer: '/expiresAt' }],
    });
    expect(t.keys.size).toBe(0);
  });

  it('end at their time, in the cache too', async () => {
    const expiresAt = new Date(startedAt + 2000).toISOString();
    const { key } = await t.service.createKey({ owner: 'ada', scopes: write, expiresAt });
    expect(await t.service.authenticateKey(key)).not.toBeNull();
    t.clock.now += 2000;
    expect(await t.service.authenticateKey(key)).toBeNull();
  });

  it('end at once when revoked here, within five seconds when revoked elsewhere', async () => {
    const here = await t.service.createKey({ owner: 'ada', scopes: write });
    const there = await t.service.createKey({ owner: 'bob', scopes: write });
    await t.service.authenticateKey(here.key);
    await t.service.authenticateKey(there.key);
    expect((await t.service.revokeKey(here.id)).revokedAt).not.toBeNull();
    await t.repository.revokeApiKey(there.id, new Date(startedAt));
    expect(await t.service.authenticateKey(here.key)).toBeNull();
    expect(await t.service.authenticateKey(there.key)).not.toBeNull();
    t.clock.now += 5000;
    expect(await t.service.authenticateKey(there.key)).toBeNull();
  });

  it('revoked while being looked up are not remembered', async () => {
    const { key, id } = await t.service.createKey({ owner: 'ada', scopes: write });
    const gate = Promise.withResolvers<void>();
    const find = t.repository.findApiKeyByHash;
    t.repository.findApiKeyByHash = async (hash) => {
      const found = await find(hash);
      await gate.promise;
      return found;
    };
    const early = t.service.authenticateKey(key);
    await t.service.revokeKey(id);
    gate.resolve();
    await early;
    expect(await t.service.authenticateKey(key)).toBeNull();
  });

  it('cost one query in five seconds, however many requests there are', async () => {
    const { key } = await t.service.createKey({ owner: 'ada', scopes: write });
    await Promise.all(Array.from({ length: 20 }, () => t.service.authenticateKey(key)));
    expect(t.count('findApiKeyByHash')).toBe(1);
    t.clock.now += 5000;
    await t.service.authenticateKey(key);
    expect(t.count('findApiKeyByHash')).toBe(2);
  });

  it('a failed look-up is not remembered', async () => {
    const { key } = await t.service.createKey({ owner: 'ada', scopes: write });
    const find = t.repository.findApiKeyByHash;
    t.repository.findApiKeyByHash = async () => Promise.reject(new Error('away'));
    await expect(t.service.authenticateKey(key)).rejects.toThrow('away');
    t.repository.findApiKeyByHash = find;
    expect(await t.service.authenticateKey(key)).not.toBeNull();
  });

  it('record their last use once a minute, and never fail for it', async () => {
    const { key } = await t.service.createKey({ owner: 'ada', scopes: write });
    for (let second = 0; second < 70; second += 10) {
      await t.service.authenticateKey(key);
      t.clock.now += 10_000;
    }
    expect(t.count('touchApiKey')).toBe(2);
    t.clock.now += minute;
    t.repository.touchApiKey = async () => Promise.reject(new Error('away'));
    expect(await t.service.authenticateKey(key)).not.toBeNull();
    await new Promise((resolve) => setImmediate(resolve));
    expect(t.logger.lines).toContainEqual(expect.objectContaining({ level: 'warn' }));
  });
});

describe('rotation', () => {
  it('hands over scopes, owner and expiry, and lets the old key end after its grace', async () => {
    const expiresAt = new Date(startedAt + 10 * hour).toISOString();
    const old = await t.service.createKey({ owner: 'ada', scopes: write, expiresAt });
    await t.service.authenticateKey(old.key);
    const next = await t.service.rotateKey(old.id, { graceSeconds: 3600 });
    expect(next).toMatchObject({ owner: 'ada', scopes: write, expiresAt, rotatedFrom: old.id });
    expect(next.key).not.toBe(old.key);
    expect(await t.service.authenticateKey(old.key)).not.toBeNull();
    t.clock.now += hour;
    expect(await t.service.authenticateKey(old.key)).toBeNull();
    expect(await t.service.authenticateKey(next.key)).not.toBeNull();
  });

  it('without grace ends the old key at once', async () => {
    const old = await t.service.createKey({ owner: 'ada', scopes: write });
    await t.service.authenticateKey(old.key);
    await t.service.rotateKey(old.id, { graceSeconds: 0 });
    expect(await t.service.authenticateKey(old.key)).toBeNull();
  });

  it('happens once: a repeated one makes no second key', async () => {
    const old = await t.service.createKey({ owner: 'ada', scopes: write });
    await t.service.rotateKey(old.id, { graceSeconds: 3600 });
    await expect(t.service.rotateKey(old.id, { graceSeconds: 3600 })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect((await t.service.listKeys({ limit: 10 })).data).toHaveLength(2);
  });

  it('never lengthens the old key, and refuses what has ended', async () => {
    const expiresAt = new Date(startedAt + minute).toISOString();
    const old = await t.service.createKey({ owner: 'ada', scopes: write, expiresAt });
    await t.service.rotateKey(old.id, { graceSeconds: 3600 });
    expect((await t.repository.findApiKey(old.id))?.expiresAt).toBe(expiresAt);
    t.clock.now += minute;
    await expect(t.service.rotateKey(old.id, { graceSeconds: 0 })).rejects.toMatchObject({
      code: 'conflict',
    });
    await expect(t.service.rotateKey('none', { graceSeconds: 0 })).rejects.toMatchObject({
      code: 'not_found',
    });
    await expect(t.service.revokeKey('none')).rejects.toMatchObject({ code: 'not_found' });
  });
});
