import { z } from 'zod';
import { EndpointUrl } from './provider-settings.ts';

export const guid = z.guid().transform((text) => text.toLowerCase());

/** Values with commas between, each of which fits the schema. */
export const list = <Schema extends z.ZodType<string, string>>(schema: Schema) =>
  z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(schema).min(1).max(100));

/** Compared letter by letter with the `iss` of a token. */
export const TenantIssuer = EndpointUrl;

/** Where people type their passwords. The dashboard's library refuses anything but https, on this machine as well. */
export const LoginAuthority = z
  .string()
  .regex(/^https:\/\/[a-z0-9.-]+(:\d+)?(\/[\w.-]+)+$/i, 'must be https://HOST/TENANT');

/** The same as `Scope` of the contract; a test compares them. */
export const GrantedScope = z.enum(['inference:write', 'batch:write', 'study:read', 'admin']);
export type GrantedScope = z.infer<typeof GrantedScope>;

/** App role (the `roles` of a token), or object id of a group (its `groups`) → what it may do. */
export const EntraRoles = z
  .record(z.string().min(1).max(200), z.array(GrantedScope).min(1).max(4))
  .refine((roles) => Object.keys(roles).length > 0, 'names no role');
export type EntraRoles = z.infer<typeof EntraRoles>;
