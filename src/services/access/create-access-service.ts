import { randomBytes, randomUUIDv7, timingSafeEqual } from 'node:crypto';
import type { ApiKey, ApiKeyCreated, Scope } from '../../contract/api-key.ts';
import type { InferenceRepository, NewApiKey, StoredApiKey } from '../../db/runs/inference-repository.ts';
import { AppError } from '../../errors.ts';
import type { EntraVerifier } from '../../identity/entra-verifier.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { AccessService, OpenedSession } from './access-service.ts';
import { createApiKeyCache } from './api-key-cache.ts';
import { createEntraSessions } from './create-entra-sessions.ts';
import { hashSecret, isApiKeyShaped, newApiKeySecret, newSessionToken, prefixOf } from './hash-secret.ts';

type Repository = Pick<
  InferenceRepository,
  | 'insertApiKey'
  | 'insertApiKeyIfAbsent'
  | 'findApiKeyByHash'
  | 'findApiKey'
  | 'listApiKeys'
  | 'rotateApiKey'
  | 'revokeApiKey'
  | 'touchApiKey'
  | 'insertSession'
  | 'findSession'
  | 'insertEntraSession'
  | 'findEntraSession'
  | 'deleteSession'
>;

export type AccessServiceDependencies = {
  repository: Repository;
  /** The first admin key as it is now, asked for when a key is unknown; null: none. It throws `identity_unavailable`. */
  adminKey: (() => Promise<string>) | null;
  /** null: only keys of ours are let in. */
  entra?: EntraVerifier<Scope> | null;
  logger?: Logger;
  /** Epoch ms. */
  now?: () => number;
  randomBytes?: (size: number) => Buffer;
  newId?: () => string;
};

const sessionMs = 12 * 60 * 60 * 1000;
/** `lastUsedAt` is written at most this often for a key. */
const touchEveryMs = 60_000;

export const createAccessService = (dependencies: AccessServiceDependencies): AccessService => {
  const { repository, adminKey, entra = null, logger } = dependencies;
  const { now = Date.now, newId = randomUUIDv7 } = dependencies;
  const random = dependencies.randomBytes ?? randomBytes;
  const cache = createApiKeyCache(now);
  const touched = new Map<string, number>();
  const entraSessions = createEntraSessions({ repository, entra, now });

  const isUsable = (key: ApiKey): boolean =>
    key.revokedAt === null && (key.expiresAt === null || Date.parse(key.expiresAt) > now());

  /** The first admin key gets its row at first use. It is only ever inserted where none is, so that revoking it lasts. */
  const lookUp = async (hash: Buffer): Promise<StoredApiKey | null> => {
    const stored = await repository.findApiKeyByHash(hash);
    if (stored !== null || adminKey === null) return stored;
    const first = await adminKey();
    if (!timingSafeEqual(hash, hashSecret(first))) return null;
    await repository.insertApiKeyIfAbsent(newKeyRow(first, { owner: 'bootstrap', scopes: ['admin'] }));
    return repository.findApiKeyByHash(hash);
  };

  const newKeyRow = (
    secret: string,
    facts: { owner: string; scopes: readonly Scope[]; expiresAt?: Date | null; rotatedFrom?: string },
  ): NewApiKey => ({
    id: newId(),
    hash: hashSecret(secret),
    prefix: prefixOf(secret),
    owner: facts.owner,
    scopes: [...new Set(facts.scopes)],
    expiresAt: facts.expiresAt ?? null,
    rotatedFrom: facts.rotatedFrom ?? null,
    createdAt: new Date(now()),
  });

  /** Never makes a request wait or fail. */
  const touch = (key: StoredApiKey): void => {
    const at = now();
    const last = Math.max(touched.get(key.id) ?? 0, key.lastUsedAt === null ? 0 : Date.parse(key.lastUsedAt));
    if (at - last < touchEveryMs) return;
    touched.set(key.id, at);
    repository.touchApiKey(key.id, new Date(at)).catch((error: unknown) => {
      touched.delete(key.id);
      logger?.warn('last use of a key not recorded', { apiKeyId: key.id, error });
    });
  };

  const authenticateKey = async (secret: string) => {
    if (!isApiKeyShaped(secret)) return null;
    const hash = hashSecret(secret);
    const key = await cache.get(hash, lookUp);
    if (key === null || !timingSafeEqual(key.hash, hash) || !isUsable(key)) return null;
    touch(key);
    return principalOf('api_key', key, key.expiresAt);
  };

  /** Opened with a key. @throws {AppError} unauthenticated */
  const openKeySession = async (tokenHash: Buffer, secret: string): Promise<OpenedSession> => {
    const principal = await authenticateKey(secret);
    if (principal === null) throw new AppError('unauthenticated', 'The key is unknown, expired or revoked.');
    const keyEnds = principal.expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(principal.expiresAt);
    const expiresAt = new Date(Math.min(now() + sessionMs, keyEnds));
    await repository.insertSession({ tokenHash, apiKeyId: principal.apiKeyId, expiresAt });
    return { principal: { ...principal, kind: 'session', expiresAt: expiresAt.toISOString() }, expiresAt };
  };

  const created = (key: ApiKey, secret: string): ApiKeyCreated => ({ ...key, key: secret });

  return {
    authenticateKey,

    authenticateToken: async (token) => {
      const caller = await entra?.verify(token);
      if (caller === undefined || typeof caller === 'string') return null;
      const { lacks: _, ...known } = caller;
      return { kind: 'entra', apiKeyId: null, ...known };
    },

    authenticateSession: async (token) => {
      const tokenHash = hashSecret(token);
      const session = await repository.findSession(tokenHash);
      if (session === null) return entraSessions.find(tokenHash);
      if (Date.parse(session.expiresAt) <= now()) return null;
      const key = await repository.findApiKey(session.apiKeyId);
      if (key === null || !isUsable(key)) return null;
      return principalOf('session', key, session.expiresAt);
    },

    openSession: async ({ key = '', entraToken }) => {
      const token = newSessionToken(random);
      const tokenHash = hashSecret(token);
      const opened =
        entraToken === undefined
          ? await openKeySession(tokenHash, key)
          : await entraSessions.open(tokenHash, entraToken, now() + sessionMs);
      return { token, ...opened };
    },

    closeSession: (token) => repository.deleteSession(hashSecret(token)),

    createKey: async ({ owner, scopes, expiresAt }) => {
      const ends = expiresAt === undefined ? null : new Date(expiresAt);
      if (ends !== null && !(ends.getTime() > now())) {
        throw new AppError('invalid_request', 'The key would be expired already.', {
          faults: [{ pointer: '/expiresAt', message: 'must be in the future' }],
        });
      }
      const secret = newApiKeySecret(random);
      return created(
        await repository.insertApiKey(newKeyRow(secret, { owner, scopes, expiresAt: ends })),
        secret,
      );
    },

    listKeys: (page) => repository.listApiKeys(page),

    rotateKey: async (id, { graceSeconds }) => {
      const old = await repository.findApiKey(id);
      if (old === null) throw new AppError('not_found', `There is no key ${id}.`);
      if (!isUsable(old)) throw new AppError('conflict', 'The key is revoked or expired: create a new one.');
      const ends = old.expiresAt === null ? null : new Date(old.expiresAt);
      const secret = newApiKeySecret(random);
      const next = newKeyRow(secret, {
        owner: old.owner,
        scopes: old.scopes,
        expiresAt: ends,
        rotatedFrom: old.id,
      });
      const graceEnds = now() + graceSeconds * 1000;
      const oldEnds = new Date(Math.min(graceEnds, ends?.getTime() ?? Number.POSITIVE_INFINITY));
      const rotated = await repository.rotateApiKey(old.id, oldEnds, next);
      cache.forget(old.hash);
      if (rotated === null) {
        throw new AppError('conflict', 'The key is revoked or has a successor already: rotate that one.');
      }
      return created(rotated, secret);
    },

    revokeKey: async (id) => {
      const before = await repository.findApiKey(id);
      const revoked = await repository.revokeApiKey(id, new Date(now()));
      if (before !== null) cache.forget(before.hash);
      if (revoked === null) throw new AppError('not_found', `There is no key ${id}.`);
      return revoked;
    },
  };
};

const principalOf = <Kind extends 'api_key' | 'session'>(
  kind: Kind,
  key: ApiKey,
  expiresAt: string | null,
) => ({
  kind,
  apiKeyId: key.id,
  callerId: key.id,
  owner: key.owner,
  scopes: key.scopes,
  expiresAt,
});
