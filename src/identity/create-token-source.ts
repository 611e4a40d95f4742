import { AppError } from '../errors.ts';
import { describeFailure } from './describe-failure.ts';
import type { EntraToken, TokenSource } from './token-source.ts';

/** Where tokens come from: `@azure/identity`, or a stand-in. */
export type Credential = {
  getToken(scope: string): Promise<{ token: string; expiresOnTimestamp: number } | null>;
};

export type TokenSourceOptions = {
  /** Client id of a user-assigned managed identity; null: whatever `DefaultAzureCredential` finds. */
  clientId: string | null;
  loadCredential?: (clientId: string | null) => Promise<Credential>;
  /** Epoch ms. */
  now?: () => number;
  /** Told of a renewal that failed while the old token is still good. */
  onRenewalFailed?: (error: unknown) => void;
};

/** A token is renewed from this long before its end on. */
const renewBeforeMs = 5 * 60_000;
/** Closer to its end than this it isn't handed out any more: it would end on its way. */
const leastLifeMs = 30_000;
/** After a renewal has failed, or brought the old token again, the next one waits this long. */
const renewEveryMs = 15_000;

/**
 * `@azure/identity` takes 120 ms to load, so it is loaded when the first token is wanted. A managed identity that is named is
 * asked directly: the chain of `DefaultAzureCredential` first tries what isn't there in Azure.
 */
const loadAzureCredential = async (clientId: string | null): Promise<Credential> => {
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity');
  return clientId === null ? new DefaultAzureCredential() : new ManagedIdentityCredential({ clientId });
};

/** The token service may be down for a moment; an identity that it doesn't know, or that isn't there, stays so. */
const isLasting = (error: unknown): boolean => {
  if (typeof error !== 'object' || error === null) return false;
  const { name, statusCode, message } = error as Record<string, unknown>;
  // Also its word for an endpoint that did not answer.
  if (name === 'CredentialUnavailableError') return !/network/i.test(String(message));
  return typeof statusCode === 'number' && statusCode < 500 && statusCode !== 408 && statusCode !== 429;
};

/**
 * Tokens by scope. Concurrent callers share one request. In the five minutes before a token's end it is renewed beside the
 * callers, who go on with the old one, also while renewing fails.
 */
export const createTokenSource = (options: TokenSourceOptions): TokenSource => {
  const { clientId, loadCredential = loadAzureCredential, now = Date.now, onRenewalFailed } = options;
  let loading: Promise<Credential> | null = null;
  const tokens = new Map<string, EntraToken>();
  const inFlight = new Map<string, Promise<EntraToken>>();
  const quietUntil = new Map<string, number>();

  const credential = (): Promise<Credential> => {
    loading ??= loadCredential(clientId).catch((error: unknown) => {
      loading = null;
      throw error;
    });
    return loading;
  };

  const request = async (scope: string): Promise<EntraToken> => {
    try {
      const answer = await (await credential()).getToken(scope);
      if (answer === null) throw new Error('the identity gave no token');
      const token = { token: answer.token, expiresAtMs: answer.expiresOnTimestamp };
      tokens.set(scope, token);
      return token;
    } catch (error) {
      // The SDK's own error may hold the request, so only its words are kept.
      throw new AppError('identity_unavailable', `The app's identity got no token for ${scope}.`, {
        retryable: !isLasting(error),
        cause: describeFailure(error),
      });
    } finally {
      quietUntil.set(scope, now() + renewEveryMs);
    }
  };

  const renew = (scope: string): Promise<EntraToken> => {
    const running = inFlight.get(scope);
    if (running !== undefined) return running;
    const started = request(scope).finally(() => inFlight.delete(scope));
    inFlight.set(scope, started);
    return started;
  };

  const getEntraToken = async (scope: string): Promise<EntraToken> => {
    const held = tokens.get(scope);
    const lifeMs = held === undefined ? 0 : held.expiresAtMs - now();
    if (held === undefined || lifeMs <= 0) return renew(scope);
    if (lifeMs > renewBeforeMs) return held;
    const isQuiet = now() < (quietUntil.get(scope) ?? 0) && !inFlight.has(scope);
    if (isQuiet) return held;
    const renewal = renew(scope).catch((error: unknown) => {
      onRenewalFailed?.(error);
      return held;
    });
    return lifeMs > leastLifeMs ? held : renewal;
  };

  return { getEntraToken, getToken: async (scope) => (await getEntraToken(scope)).token };
};
