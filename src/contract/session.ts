import { z } from 'zod';
import { Scope } from './api-key.ts';
import { Timestamp } from './common.ts';

/** What a session is opened with: an API key, or an Entra access token for this app. */
export const CreateSession = z
  .strictObject({
    key: z.string().min(1).max(200).optional(),
    entraToken: z.string().min(1).max(20_000).optional(),
  })
  .refine(({ key, entraToken }) => (key === undefined) !== (entraToken === undefined), {
    message: 'give exactly one of key and entraToken',
    path: ['key'],
  })
  .meta({ id: 'CreateSession' });
export type CreateSession = z.infer<typeof CreateSession>;

export const Session = z
  .object({
    owner: z.string(),
    scopes: z.array(Scope),
    expiresAt: Timestamp.nullable(),
    /** What the caller, or the caller's session, proved itself with. */
    credential: z.enum(['key', 'entra']),
  })
  .meta({ id: 'Session', description: 'Who the caller is to this API.' });
export type Session = z.infer<typeof Session>;

/** How people may sign in beside a key; nothing of it is secret. */
export const SignInMethods = z
  .object({
    entra: z
      .object({
        /** Address of the tenant where people sign in. */
        authority: z.url(),
        clientId: z.string(),
        scope: z.string(),
      })
      .nullable(),
  })
  .meta({ id: 'SignInMethods', description: '`entra` is null where only keys are taken.' });
export type SignInMethods = z.infer<typeof SignInMethods>;
export type EntraSignIn = NonNullable<SignInMethods['entra']>;
