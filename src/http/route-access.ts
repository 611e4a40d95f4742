import type { Scope } from '../contract/api-key.ts';
import type { Principal } from '../services/access/access-service.ts';

/** Who may call a route: everybody, everybody with a valid key, or who holds a scope. */
export type RouteAccess = 'open' | 'authenticated' | Scope;

/** The OpenAPI extension in which a route definition declares its access. */
export const accessMember = 'x-scope';

/**
 * Part of every route definition; the access middleware closes a route without it. Comes out in the
 * OpenAPI document as `x-scope` and `security`.
 */
export const access = (needed: RouteAccess) => ({
  [accessMember]: needed,
  security: needed === 'open' ? [] : [{ apiKey: [] }, { session: [] }],
});

/** Whether a proven caller holds what a route needs; `admin` includes every scope. */
export const holdsAccess = (principal: Principal, needed: RouteAccess): boolean =>
  needed === 'open' ||
  // An Entra token without a role proves who is calling, and gives nothing.
  (needed === 'authenticated' ? principal.scopes.length > 0 : principal.scopes.includes(needed)) ||
  principal.scopes.includes('admin');
