import type { ApiKey, ApiKeyCreated, CreateApiKey, RotateApiKey, Scope } from '../../contract/api-key.ts';
import type { CreateSession } from '../../contract/session.ts';
import type { Page, PageRequest } from '../../db/runs/inference-repository.ts';

/** Who is calling, once proven. */
export type Principal = {
  kind: 'api_key' | 'session' | 'entra';
  /** null for callers who proved themselves with an Entra token and have no key. */
  apiKeyId: string | null;
  /** Lasting and unique, whatever the kind: the key's id, or tenant and object of Entra. */
  callerId: string;
  owner: string;
  /** Empty: may do nothing. */
  scopes: readonly Scope[];
  expiresAt: string | null;
};

export type OpenedSession = { principal: Principal; expiresAt: Date };

/** API keys, browser sessions and Entra tokens. Secrets are random, stored as SHA-256 only, and compared in constant time. */
export type AccessService = {
  /** @returns null when the key is unknown, expired or revoked. */
  authenticateKey(key: string): Promise<Principal | null>;
  /**
   * @returns null when the token isn't one for this app, is over, or wasn't signed by Entra, and where Entra isn't set up
   * @throws {AppError} identity_unavailable when that cannot be told at the moment
   */
  authenticateToken(token: string): Promise<Principal | null>;
  /** @returns null when the session is unknown or over, its key has ended, or the rules for its Entra token have changed. */
  authenticateSession(token: string): Promise<Principal | null>;
  /**
   * A session of at most twelve hours, which ends no later than the key or token that it is opened with.
   * @throws {AppError} unauthenticated, saying why; forbidden for an Entra token without a role; identity_unavailable
   */
  openSession(proof: CreateSession): Promise<OpenedSession & { token: string }>;
  closeSession(token: string): Promise<void>;
  /** @throws {AppError} invalid_request when it would be expired already */
  createKey(request: CreateApiKey): Promise<ApiKeyCreated>;
  listKeys(page: PageRequest): Promise<Page<ApiKey>>;
  /** @throws {AppError} not_found, conflict when revoked, expired or rotated before */
  rotateKey(id: string, request: RotateApiKey): Promise<ApiKeyCreated>;
  /** @throws {AppError} not_found */
  revokeKey(id: string): Promise<ApiKey>;
};
