import type { ApiKey, ApiKeyCreated, CreateApiKey, RotateApiKey, Scope } from '../../contract/api-key.ts';
import type { Page, PageRequest } from '../../db/runs/inference-repository.ts';

/** Who is calling, once proven. */
export type Principal = {
  kind: 'api_key' | 'session' | 'entra';
  /** null for callers with an Entra token, who have no key. */
  apiKeyId: string | null;
  /** Lasting and unique, whatever the kind: the key's id, or tenant and object of Entra. */
  callerId: string;
  owner: string;
  /** Empty: may do nothing. */
  scopes: readonly Scope[];
  expiresAt: string | null;
};

/** API keys, browser sessions and Entra tokens. Secrets are random, stored as SHA-256 only, and compared in constant time. */
export type AccessService = {
  /** @returns null when the key is unknown, expired or revoked. */
  authenticateKey(key: string): Promise<Principal | null>;
  /**
   * @returns null when the token isn't one for this app, is over, or wasn't signed by Entra, and where Entra isn't set up
   * @throws {AppError} identity_unavailable when that cannot be told at the moment
   */
  authenticateToken(token: string): Promise<Principal | null>;
  /** @returns null when the session is unknown or over, or its key has ended. */
  authenticateSession(token: string): Promise<Principal | null>;
  /** @throws {AppError} unauthenticated */
  openSession(key: string): Promise<{ token: string; principal: Principal; expiresAt: Date }>;
  closeSession(token: string): Promise<void>;
  /** @throws {AppError} invalid_request when it would be expired already */
  createKey(request: CreateApiKey): Promise<ApiKeyCreated>;
  listKeys(page: PageRequest): Promise<Page<ApiKey>>;
  /** @throws {AppError} not_found, conflict when revoked, expired or rotated before */
  rotateKey(id: string, request: RotateApiKey): Promise<ApiKeyCreated>;
  /** @throws {AppError} not_found */
  revokeKey(id: string): Promise<ApiKey>;
};
