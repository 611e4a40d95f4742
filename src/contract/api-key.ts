import { z } from 'zod';
import { Id, pageOf, StorableText, Timestamp } from './common.ts';

export const Scope = z
  .enum(['inference:write', 'batch:write', 'study:read', 'admin'])
  .meta({ id: 'Scope', description: '`admin` includes every other scope.' });
export type Scope = z.infer<typeof Scope>;

export const CreateApiKey = z
  .strictObject({
    owner: StorableText.trim().min(1).max(200),
    scopes: z.array(Scope).min(1).max(4),
    expiresAt: Timestamp.optional(),
  })
  .meta({ id: 'CreateApiKey' });
export type CreateApiKey = z.infer<typeof CreateApiKey>;

export const RotateApiKey = z
  .strictObject({
    /** How long the old key still works, in seconds. */
    graceSeconds: z.number().int().min(0).max(2_592_000).default(0),
  })
  .meta({ id: 'RotateApiKey' });
export type RotateApiKey = z.infer<typeof RotateApiKey>;

export const ApiKey = z
  .object({
    id: Id,
    prefix: z.string(),
    owner: z.string(),
    scopes: z.array(Scope),
    createdAt: Timestamp,
    expiresAt: Timestamp.nullable(),
    revokedAt: Timestamp.nullable(),
    lastUsedAt: Timestamp.nullable(),
    rotatedFrom: Id.nullable(),
  })
  .meta({ id: 'ApiKey' });
export type ApiKey = z.infer<typeof ApiKey>;

export const ApiKeyPage = pageOf(ApiKey).meta({ id: 'ApiKeyPage' });
export type ApiKeyPage = z.infer<typeof ApiKeyPage>;

/** The one answer that ever holds a key's secret. */
export const ApiKeyCreated = ApiKey.extend({ key: z.string() }).meta({ id: 'ApiKeyCreated' });
export type ApiKeyCreated = z.infer<typeof ApiKeyCreated>;
