import { createHash } from 'node:crypto';
import type { ExportedJWKSCache, JWTPayload, JWTVerifyGetKey } from 'jose';
import { AppError } from '../errors.ts';
import { describeFailure } from './describe-failure.ts';
import type { EntraRefusal, EntraVerifier } from './entra-verifier.ts';
import { toEntraCaller } from './to-entra-caller.ts';

export type EntraVerifierOptions<Granted extends string> = {
  /** A token must be for one of these. */
  audiences: readonly string[];
  /** Lower-case tenant ids; empty: the issuer alone decides. */
  tenants: readonly string[];
  /** The one issuer; null: those of the tenants in the public cloud. */
  issuer: string | null;
  /** Where the signing keys are published; never taken from a token. */
  jwksUrl: string;
  /** Object ids of which a token must name one in `groups`; null: no such wish. */
  groups: readonly string[] | null;
  /** App role, or object id of a group → scopes. */
  roles: Readonly<Record<string, readonly Granted[]>>;
  fetch: typeof globalThis.fetch;
  /** Epoch ms. */
  now?: () => number;
  /** An unknown key id makes the keys be fetched anew, at most this often. */
  keysCooldownMs?: number;
  /** How long fetched keys are used before they are fetched again. */
  keysMaxAgeMs?: number;
};

/** Clocks differ a little, in seconds. */
const clockToleranceSeconds = 60;
/** Keys that cannot be fetched again are used for at most this long. Entra publishes a key days before it signs with it. */
const staleKeysMs = 24 * 3_600_000;
/** Entra signs with nothing else; above all not `none`, and not with a shared secret. */
const algorithms = ['RS256'];

const tenantIssuers = (tenant: string): string[] => [
  `https://login.microsoftonline.com/${tenant}/v2.0`,
  `https://sts.windows.net/${tenant}/`,
];

/** What `jose` found wrong, by its code and the claim it names; it looks at claims only once the signature is good. */
const refusalOf = (error: unknown): EntraRefusal => {
  if (typeof error !== 'object' || error === null || !('code' in error)) return 'invalid';
  if (error.code === 'ERR_JWT_EXPIRED') return 'expired';
  if (error.code !== 'ERR_JWT_CLAIM_VALIDATION_FAILED' || !('claim' in error)) return 'invalid';
  switch (error.claim) {
    case 'nbf':
      return 'not_yet_valid';
    case 'aud':
      return 'wrong_audience';
    case 'iss':
      return 'wrong_tenant';
    default:
      return 'invalid';
  }
};

/** Whether issuer and tenant belong together: with several tenants allowed, one must not speak for another. */
const isAllowedTenant = (payload: JWTPayload, tenants: readonly string[], issuer: string | null): boolean => {
  const { tid, iss = '' } = payload;
  if (typeof tid !== 'string') return false;
  const tenant = tid.toLowerCase();
  if (tenants.length > 0 && !tenants.includes(tenant)) return false;
  return issuer !== null || tenantIssuers(tenant).includes(iss.toLowerCase());
};

/**
 * Checks access tokens of Entra ID for this app: signature, issuer, audience, time, tenant, then groups and roles. `jose` and
 * the keys are loaded with the first token.
 * @see https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens
 */
export const createEntraVerifier = <Granted extends string>(
  options: EntraVerifierOptions<Granted>,
): EntraVerifier<Granted> => {
  const { audiences, tenants, issuer, groups, roles, now = Date.now } = options;
  const issuers = issuer === null ? tenants.flatMap(tenantIssuers) : [issuer];

  const load = async () => {
    const jose = await import('jose');
    const cache: Partial<ExportedJWKSCache> = {};
    const remote = jose.createRemoteJWKSet(new URL(options.jwksUrl), {
      cooldownDuration: options.keysCooldownMs ?? 30_000,
      cacheMaxAge: options.keysMaxAgeMs ?? 3_600_000,
      timeoutDuration: 5000,
      [jose.customFetch]: options.fetch,
      [jose.jwksCache]: cache as Record<string, never>,
    });
    const unknownKey = (error: unknown) =>
      error instanceof jose.errors.JWKSNoMatchingKey || error instanceof jose.errors.JWKSMultipleMatchingKeys;

    const getKey: JWTVerifyGetKey = async (header, token) => {
      try {
        return await remote(header, token);
      } catch (error) {
        if (unknownKey(error)) throw error;
        const { jwks, uat = 0 } = cache;
        if (jwks !== undefined && now() - uat < staleKeysMs)
          return jose.createLocalJWKSet(jwks)(header, token);
        throw new AppError('identity_unavailable', 'The keys that Entra signs tokens with cannot be had.', {
          retryable: true,
          cause: describeFailure(error),
        });
      }
    };
    return { getKey, jwtVerify: jose.jwtVerify };
  };
  let loading: ReturnType<typeof load> | null = null;

  const readPayload = async (token: string): Promise<JWTPayload | EntraRefusal> => {
    loading ??= load();
    const { getKey, jwtVerify } = await loading;
    try {
      const { payload } = await jwtVerify(token, getKey, {
        algorithms,
        issuer: issuers,
        audience: [...audiences],
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(now()),
        requiredClaims: ['exp', 'tid'],
      });
      return payload;
    } catch (error) {
      // Everything else that jose throws means: not a good token.
      if (error instanceof AppError) throw error;
      return refusalOf(error);
    }
  };

  return {
    verify: async (token) => {
      const payload = await readPayload(token);
      if (typeof payload === 'string') return payload;
      if (!isAllowedTenant(payload, tenants, issuer)) return 'wrong_tenant';
      return toEntraCaller(payload, { groups, roles }) ?? 'invalid';
    },
    roles: Object.keys(roles),
    rulesHash: createHash('sha256')
      .update(JSON.stringify([audiences, tenants, issuer, options.jwksUrl, groups, roles]))
      .digest(),
  };
};
