import type { ApiKey, ApiKeyCreated, CreateApiKey, RotateApiKey, Scope } from '../contract/api-key.ts';
import type { Page, PageRequest } from '../db/inference-repository.ts';

/** Who is calling, once proven. */
export type Principal = {
  kind: 'api_key' | 'session';
  apiKeyId: string;
  owner: string;
  scopes: readonly Scope[];
  expiresAt: string | null;
};

/** API keys and browser sessions. Secrets are random, stored as SHA-256 only, and compared in constant time. */
export type AccessService = {
  /** @returns null when the key is unknown, expired or revoked. */
  authenticateKey(key: string): Promise<Principal | null>;
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
