import { createHash, randomBytes, randomUUIDv7 } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Scope } from '../../src/contract/api-key.ts';
import type { NewApiKey } from '../../src/db/runs/inference-repository.ts';
import { type OpenRepository, openRepository } from '../support/open-repository.ts';

const exampleKey = (overrides: Partial<NewApiKey> = {}): NewApiKey => ({
  id: randomUUIDv7(),
  hash: createHash('sha256').update(randomBytes(32)).digest(),
  prefix: 'sq_abcdefgh',
  owner: 'a test',
  scopes: ['study:read', 'inference:write'],
  expiresAt: null,
  rotatedFrom: null,
  createdAt: new Date(),
  ...overrides,
});

describe('API keys and sessions', () => {
  let open: OpenRepository;
  beforeAll(async () => {
    open = await openRepository();
  });
  afterAll(() => open.close());

  it('are found by hash and by id, the hash only where a key is checked', async () => {
    const key = exampleKey({ expiresAt: new Date('2030-01-01T00:00:00Z') });
    const shown = {
      id: key.id,
      prefix: 'sq_abcdefgh',
      owner: 'a test',
      scopes: ['study:read', 'inference:write'],
      createdAt: key.createdAt.toISOString(),
      expiresAt: '2030-01-01T00:00:00.000Z',
      revokedAt: null,
      lastUsedAt: null,
      rotatedFrom: null,
    };
    expect(await open.repository.insertApiKey(key)).toEqual(shown);
    const stored = await open.repository.findApiKeyByHash(key.hash);
    expect(stored).toEqual({ ...shown, hash: expect.any(Buffer) });
    expect(stored?.hash.equals(key.hash)).toBe(true);
    expect(await open.repository.findApiKey(key.id)).toMatchObject(shown);
    expect(await open.repository.findApiKeyByHash(randomBytes(32))).toBeNull();
    expect(await open.repository.findApiKey(randomUUIDv7())).toBeNull();
  });

  it('are inserted once, even when revoked since', async () => {
    const key = exampleKey();
    await open.repository.insertApiKeyIfAbsent(key);
    await open.repository.revokeApiKey(key.id, new Date());
    await open.repository.insertApiKeyIfAbsent({ ...key, id: randomUUIDv7() });
    expect(await open.repository.findApiKeyByHash(key.hash)).toMatchObject({
      id: key.id,
      revokedAt: expect.any(String),
    });
  });

  it('refuse unknown scopes and hashes of another length', async () => {
    await expect(open.repository.insertApiKey(exampleKey({ scopes: ['root' as never] }))).rejects.toThrow();
    await expect(open.repository.insertApiKey(exampleKey({ scopes: [] }))).rejects.toThrow();
    await expect(open.repository.insertApiKey(exampleKey({ hash: randomBytes(31) }))).rejects.toThrow();
  });

  it('rotate: the old one ends, the new one names it', async () => {
    const old = exampleKey();
    await open.repository.insertApiKey(old);
    const end = new Date('2027-01-01T00:00:00Z');
    const next = exampleKey({ rotatedFrom: old.id });
    expect(await open.repository.rotateApiKey(old.id, end, next)).toMatchObject({
      id: next.id,
      rotatedFrom: old.id,
    });
    expect(await open.repository.findApiKey(old.id)).toMatchObject({ expiresAt: end.toISOString() });
    // It has a successor now: another rotation changes nothing.
    const second = exampleKey({ rotatedFrom: old.id });
    expect(await open.repository.rotateApiKey(old.id, new Date('2026-01-01T00:00:00Z'), second)).toBeNull();
    expect(await open.repository.findApiKey(second.id)).toBeNull();
    expect(await open.repository.findApiKey(old.id)).toMatchObject({ expiresAt: end.toISOString() });
  });

  it('never prolong a key by rotating it', async () => {
    const old = exampleKey({ expiresAt: new Date('2027-01-01T00:00:00Z') });
    await open.repository.insertApiKey(old);
    const later = new Date('2028-01-01T00:00:00Z');
    await open.repository.rotateApiKey(old.id, later, exampleKey({ rotatedFrom: old.id }));
    expect(await open.repository.findApiKey(old.id)).toMatchObject({ expiresAt: '2027-01-01T00:00:00.000Z' });
  });

  it('have one successor, however many rotate at once', async () => {
    const old = exampleKey();
    await open.repository.insertApiKey(old);
    const rotations = Array.from({ length: 8 }, () =>
      open.repository.rotateApiKey(old.id, new Date(), exampleKey({ rotatedFrom: old.id })),
    );
    const successors = (await Promise.all(rotations)).filter((key) => key !== null);
    expect(successors).toHaveLength(1);
  });

  it('do not rotate when revoked or unknown, and then insert nothing', async () => {
    const old = exampleKey();
    await open.repository.insertApiKey(old);
    await open.repository.revokeApiKey(old.id, new Date());
    for (const id of [old.id, randomUUIDv7()]) {
      const next = exampleKey();
      expect(await open.repository.rotateApiKey(id, new Date(), next)).toBeNull();
      expect(await open.repository.findApiKey(next.id)).toBeNull();
    }
  });

  it('keep the time of the first revocation and end their sessions', async () => {
    const key = exampleKey();
    await open.repository.insertApiKey(key);
    const tokenHash = randomBytes(32);
    const expiresAt = new Date('2030-01-01T00:00:00Z');
    await open.repository.insertSession({ tokenHash, apiKeyId: key.id, expiresAt });
    expect(await open.repository.findSession(tokenHash)).toEqual({
      apiKeyId: key.id,
      expiresAt: expiresAt.toISOString(),
    });
    const first = new Date('2026-01-01T00:00:00Z');
    expect(await open.repository.revokeApiKey(key.id, first)).toMatchObject({
      revokedAt: first.toISOString(),
    });
    expect(await open.repository.revokeApiKey(key.id, new Date())).toMatchObject({
      revokedAt: first.toISOString(),
    });
    expect(await open.repository.findSession(tokenHash)).toBeNull();
    expect(await open.repository.revokeApiKey(randomUUIDv7(), new Date())).toBeNull();
  });

  it('end one session at a time', async () => {
    const key = exampleKey();
    await open.repository.insertApiKey(key);
    const [gone, kept] = [randomBytes(32), randomBytes(32)];
    for (const tokenHash of [gone, kept]) {
      await open.repository.insertSession({ tokenHash, apiKeyId: key.id, expiresAt: new Date('2030-01-01') });
    }
    await open.repository.deleteSession(gone);
    expect(await open.repository.findSession(gone)).toBeNull();
    expect(await open.repository.findSession(kept)).not.toBeNull();
  });

  it('has sessions of Entra tokens beside them, each under the rules it was opened with', async () => {
    const [tokenHash, rulesHash] = [randomBytes(32), randomBytes(32)];
    const scopes: Scope[] = ['study:read', 'batch:write'];
    const session = { callerId: 'entra:t:o', owner: 'ada', scopes, expiresAt: '2030-01-01T00:00:00.000Z' };
    await open.repository.insertEntraSession({ ...session, tokenHash, rulesHash });
    expect(await open.repository.findEntraSession(tokenHash, rulesHash)).toEqual(session);
    expect(await open.repository.findEntraSession(tokenHash, randomBytes(32))).toBeNull();
    expect(await open.repository.findSession(tokenHash)).toBeNull();
    const over = randomBytes(32);
    await open.repository.insertEntraSession({ ...session, tokenHash: over, rulesHash });
    await open.repository.deleteSession(over);
    expect(await open.repository.findEntraSession(over, rulesHash)).toBeNull();
    await open.repository.sweepExpiredRuns(new Date('2029-12-31'), 1);
    expect(await open.repository.findEntraSession(tokenHash, rulesHash)).toEqual(session);
    await open.repository.sweepExpiredRuns(new Date('2030-01-02'), 1);
    expect(await open.repository.findEntraSession(tokenHash, rulesHash)).toBeNull();
    const without = { ...session, scopes: [], tokenHash, rulesHash };
    await expect(open.repository.insertEntraSession(without)).rejects.toThrow();
  });

  it('note their use at most once a minute', async () => {
    const key = exampleKey();
    await open.repository.insertApiKey(key);
    const touched = async (time: string) => {
      await open.repository.touchApiKey(key.id, new Date(time));
      return (await open.repository.findApiKey(key.id))?.lastUsedAt;
    };
    expect(await touched('2026-01-01T00:00:00Z')).toBe('2026-01-01T00:00:00.000Z');
    expect(await touched('2026-01-01T00:00:59Z')).toBe('2026-01-01T00:00:00.000Z');
    expect(await touched('2026-01-01T00:01:01Z')).toBe('2026-01-01T00:01:01.000Z');
  });

  it('are listed newest first, in pages, without their hashes', async () => {
    // Older than all keys of the tests above, so they stand together at the end of the list.
    const keys = Array.from({ length: 5 }, (_, index) =>
      exampleKey({ createdAt: new Date(Date.UTC(2001, 0, 1 + index)) }),
    );
    for (const key of keys) await open.repository.insertApiKey(key);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await open.repository.listApiKeys({ limit: 3, cursor });
      expect(JSON.stringify(page)).not.toContain('hash');
      seen.push(...page.data.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.slice(-5)).toEqual(keys.map(({ id }) => id).reverse());
    await expect(open.repository.listApiKeys({ limit: 3, cursor: 'x' })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });
});
