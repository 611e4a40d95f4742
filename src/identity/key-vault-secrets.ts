import type { SecretClient, SecretClientOptions } from '@azure/keyvault-secrets';
import { Secret } from '../config/secret.ts';
import { AppError } from '../errors.ts';
import { describeFailure } from './describe-failure.ts';
import type { AzureCredential } from './token-source.ts';

/** The secrets of one vault by name, each kept for a while. */
export type KeyVaultSecrets = {
  /** @throws {AppError} identity_unavailable when it has never been read and cannot be now */
  get(name: string): Promise<Secret>;
  /** Reads a refused secret again, at most once for each answer of the vault. @returns the one to use from now on */
  renew(name: string, refused: Secret): Promise<Secret>;
};

export type KeyVaultOptions = {
  vaultUrl: string;
  credential: AzureCredential;
  /** How long a secret is used before it is read again. */
  ttlMs: number;
  /** Epoch ms. */
  now?: () => number;
  /** Told of every value, before it is used: whoever writes logs must know what to strike out. */
  onValue?: (value: string) => void;
  /** Told when a secret goes on being used because the vault could not be read. */
  onStale?: (name: string, error: unknown) => void;
  /** For stand-ins: a vault on this machine is no host of the domain that it signs in to. */
  clientOptions?: SecretClientOptions;
};

type Kept = { secret: Secret; readAt: number };

/** How long one read may take, tries included. */
const patienceMs = 10_000;
/** How long a caller waits for a newer value when there is one to go on with. */
const shortPatienceMs = 1000;
/** After a failed or fruitless read the vault is left alone for so long: it counts requests, and callers are many. */
const quietMs = 5000;

/**
 * Reads at use, keeps for `ttlMs`, and outlives the vault: once read, the last known value is used until a newer one is.
 * `@azure/keyvault-secrets` takes 100 ms to load and is loaded at the first read.
 */
export const createKeyVaultSecrets = (options: KeyVaultOptions): KeyVaultSecrets => {
  const { vaultUrl, credential, ttlMs, now = Date.now, onValue, onStale, clientOptions } = options;
  let client: Promise<SecretClient> | null = null;
  const kept = new Map<string, Kept>();
  const inFlight = new Map<string, Promise<Secret>>();
  const quiet = new Map<string, { until: number; error: unknown }>();

  const open = (): Promise<SecretClient> => {
    client ??= import('@azure/keyvault-secrets').then(
      ({ SecretClient: Client }) =>
        new Client(new URL(vaultUrl).origin, credential, {
          retryOptions: { maxRetries: 2, retryDelayInMs: 200 },
          ...clientOptions,
        }),
    );
    return client;
  };

  const read = async (name: string): Promise<Secret> => {
    try {
      const { value } = await (await open()).getSecret(name, {
        abortSignal: AbortSignal.timeout(patienceMs),
      });
      if (!value) throw new Error('the secret is empty');
      onValue?.(value);
      const before = kept.get(name)?.secret;
      // The same object as long as the value is the same: who was refused can tell.
      const secret = before?.reveal() === value ? before : new Secret(value);
      kept.set(name, { secret, readAt: now() });
      quiet.delete(name);
      return secret;
    } catch (error) {
      // The SDK's own error holds the request with its token.
      const failure = new AppError('identity_unavailable', `Key Vault gave no secret ${name}.`, {
        retryable: true,
        cause: error instanceof AppError ? error : describeFailure(error),
      });
      quiet.set(name, { until: now() + quietMs, error: failure });
      throw failure;
    }
  };

  const readOnce = (name: string): Promise<Secret> => {
    const running = inFlight.get(name);
    if (running !== undefined) return running;
    const started = read(name).finally(() => inFlight.delete(name));
    inFlight.set(name, started);
    return started;
  };

  const get = async (name: string): Promise<Secret> => {
    const held = kept.get(name);
    const at = now();
    if (held !== undefined && at - held.readAt < ttlMs) return held.secret;
    const pause = quiet.get(name);
    if (pause !== undefined && at < pause.until) {
      if (held !== undefined) return held.secret;
      throw pause.error;
    }
    if (held === undefined) return readOnce(name);
    const newer = readOnce(name).catch((error: unknown) => {
      onStale?.(name, error);
      return held.secret;
    });
    return inTime(newer, held.secret);
  };

  return {
    get,
    renew: async (name, refused) => {
      const held = kept.get(name);
      if (held === undefined) return get(name);
      const isOther = held.secret.reveal() !== refused.reveal();
      const isFresh = now() - held.readAt < quietMs || now() < (quiet.get(name)?.until ?? 0);
      if (isOther || isFresh) return held.secret;
      return readOnce(name).catch((error: unknown) => {
        onStale?.(name, error);
        return held.secret;
      });
    },
  };
};

const inTime = async <Result>(work: Promise<Result>, otherwise: Result): Promise<Result> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Result>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), shortPatienceMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};
