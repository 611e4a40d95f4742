import type { JWTPayload } from 'jose';
import type { EntraCaller } from './entra-verifier.ts';

type Grants<Granted extends string> = {
  groups: readonly string[] | null;
  roles: Readonly<Record<string, readonly Granted[]>>;
};

const guidShape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const mostOwnerCharacters = 200;

const textsOf = (claim: unknown): string[] =>
  Array.isArray(claim) ? claim.filter((each) => typeof each === 'string') : [];

const firstText = (...claims: unknown[]): string | null => {
  const found = claims.find((claim) => typeof claim === 'string' && claim !== '');
  return typeof found === 'string' ? found : null;
};

/** A key that looks like an object id means a group, any other an app role: neither can pass for the other. */
const scopesOf = <Granted extends string>(
  claims: { roles: readonly string[]; groups: readonly string[] },
  roles: Grants<Granted>['roles'],
): Granted[] => {
  const granted = Object.entries(roles).flatMap(([name, scopes]) => {
    const isHeld = guidShape.test(name)
      ? claims.groups.includes(name.toLowerCase())
      : claims.roles.includes(name);
    return isHeld ? scopes : [];
  });
  return [...new Set(granted)];
};

/**
 * Reads who is calling from the claims of a verified token.
 * @returns null for an ID token, which is for a browser to read and proves no right to call, and for one that names nobody
 */
export const toEntraCaller = <Granted extends string>(
  payload: JWTPayload,
  { groups: allowedGroups, roles }: Grants<Granted>,
): EntraCaller<Granted> | null => {
  const { tid, oid, sub, exp = 0 } = payload;
  // The application that asked for the token: `azp` in version 2, `appid` in version 1, neither in ID tokens.
  const application = firstText(payload.azp, payload.appid);
  const subject = firstText(oid, sub);
  if (application === null || subject === null) return null;
  const groups = textsOf(payload.groups).map((group) => group.toLowerCase());
  const isMember = allowedGroups === null || allowedGroups.some((group) => groups.includes(group));
  const scopes = isMember ? scopesOf({ roles: textsOf(payload.roles), groups }, roles) : [];
  const name = firstText(payload.preferred_username, payload.upn, payload.unique_name) ?? application;
  return {
    owner: name.replace(/[^\x20-\x7e\u00a0-\ud7ff]/g, '?').slice(0, mostOwnerCharacters),
    callerId: `entra:${tid}:${subject}`,
    scopes,
    lacks: scopes.length > 0 ? null : isMember ? 'role' : 'group',
    expiresAt: new Date(exp * 1000).toISOString(),
  };
};
