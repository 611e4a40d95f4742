import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ConfigError } from './config-error.ts';
import type { EntraRoles } from './entra-settings.ts';
import { type ProviderConfig, toProviderConfigs } from './provider-configs.ts';
import type { ProviderLimits } from './provider-settings.ts';
import { Secret } from './secret.ts';
import { KeyVaultName, readSecretSetting, type SecretSetting } from './secret-setting.ts';
import { combinationFaults, isOurs, referenceFaults, toFault, unknownFaults } from './setting-faults.ts';
import { Settings } from './settings.ts';
import { type TelemetryConfig, toTelemetryConfig } from './telemetry-config.ts';

export type Config = {
  database: {
    url: Secret;
    /** Where the app migrates it; null: somebody else does. */
    migrateUrl: Secret | null;
    /** Where figures are read; null: at `url`. */
    replicaUrl: Secret | null;
    auth: Settings['SQ_DATABASE_AUTH'];
    pooler: Settings['SQ_DATABASE_POOLER'];
    poolSize: number;
  };
  /** `clientId` null: whatever `DefaultAzureCredential` finds. */
  identity: { clientId: string | null };
  secrets: {
    /** Every setting that holds a secret, by name: the secret, or where it lies. */
    settings: Readonly<Record<string, SecretSetting>>;
    keyVaultUrl: string | null;
    ttlMs: number;
  };
  /** Name of the setting that holds the first key; null: none. */
  adminKeySetting: string | null;
  /** null: only keys of ours are let in. `tenants` empty: the one issuer alone decides. */
  entra: {
    audiences: readonly string[];
    tenants: readonly string[];
    issuer: string | null;
    jwksUrl: string;
    groups: readonly string[] | null;
    roles: Readonly<EntraRoles>;
    /** How the dashboard signs people in; null: with keys only. */
    signIn: { authority: string; clientId: string; scope: string } | null;
  } | null;
  http: { stream: boolean; cookieSecure: boolean };
  logLevel: Settings['SQ_LOG_LEVEL'];
  telemetry: TelemetryConfig;
  /** Absolute path of the folder of large files. */
  artifactsDir: string;
  /** Container of large files, instead of the folder; null: the folder. */
  artifactsUrl: string | null;
  limits: {
    maxInputTokens: number;
    defaultMaxOutputTokens: number;
    maxOutputTokens: number;
    defaultDeadlineMs: number;
    defaultMaxAttempts: number;
    leaseGraceMs: number;
  };
  batches: { stallMs: number };
  exports: { atOnceBytes: number };
  providerLimits: ProviderLimits;
  /** The model that embeds prompts; null: none. `dimensions` null: as many as it gives. */
  embedding: { provider: string; model: string; dimensions: number | null } | null;
  providers: readonly ProviderConfig[];
};

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads and checks the whole environment once; the result is frozen.
 * @throws {ConfigError} that names every faulty setting
 */
export const loadConfig = (environment: Environment = process.env): Config => {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([name, value]) => value !== '' && isOurs(name)),
  );
  const faults = [...referenceFaults(given), ...unknownFaults(given)];
  const parsed = Settings.safeParse(given);
  if (!parsed.success) {
    const known = new Set(faults.map(({ setting }) => setting));
    faults.push(
      ...parsed.error.issues
        .map((issue) => toFault(issue, given))
        .filter(({ setting }) => !known.has(setting)),
    );
    throw new ConfigError(faults);
  }
  faults.push(...combinationFaults(parsed.data, given));
  if (faults.length > 0) throw new ConfigError(faults);
  return deepFreeze(toConfig(parsed.data, given));
};

const toConfig = (settings: Settings, given: Environment): Config => ({
  database: {
    url: settings.DATABASE_URL,
    migrateUrl: settings.SQ_MIGRATE_URL ?? null,
    replicaUrl: settings.DATABASE_REPLICA_URL ?? null,
    auth: settings.SQ_DATABASE_AUTH,
    pooler: settings.SQ_DATABASE_POOLER,
    poolSize: settings.SQ_DATABASE_POOL_SIZE,
  },
  identity: { clientId: settings.AZURE_CLIENT_ID ?? null },
  secrets: {
    settings: toSecretSettings(settings, given),
    keyVaultUrl: settings.SQ_KEY_VAULT_URL ?? null,
    ttlMs: settings.SQ_SECRET_TTL_SECONDS * 1000,
  },
  adminKeySetting: settings.SQ_ADMIN_KEY ? 'SQ_ADMIN_KEY' : null,
  entra: toEntraConfig(settings),
  http: { stream: settings.SQ_HTTP_STREAM, cookieSecure: settings.SQ_COOKIE_SECURE },
  logLevel: settings.SQ_LOG_LEVEL,
  telemetry: toTelemetryConfig(settings),
  artifactsDir: resolve(settings.SQ_ARTIFACTS_DIR ?? join(tmpdir(), 'study-query-llm')),
  artifactsUrl: settings.SQ_ARTIFACTS_URL ?? null,
  limits: {
    maxInputTokens: settings.SQ_MAX_INPUT_TOKENS,
    defaultMaxOutputTokens: settings.SQ_DEFAULT_MAX_OUTPUT_TOKENS,
    maxOutputTokens: settings.SQ_MAX_OUTPUT_TOKENS,
    defaultDeadlineMs: settings.SQ_DEFAULT_DEADLINE_MS,
    defaultMaxAttempts: settings.SQ_DEFAULT_MAX_ATTEMPTS,
    leaseGraceMs: settings.SQ_LEASE_GRACE_MS,
  },
  batches: { stallMs: settings.SQ_BATCH_STALL_MS },
  exports: { atOnceBytes: settings.SQ_EXPORT_AT_ONCE_BYTES },
  providerLimits: settings.SQ_PROVIDER_LIMITS,
  embedding: toEmbeddingConfig(settings),
  providers: toProviderConfigs(settings),
});

/** The product's own, and the keys that compatible providers name. */
const toSecretSettings = (settings: Settings, given: Environment): Record<string, SecretSetting> => {
  const own = Object.entries(settings).flatMap(([name, value]): [string, SecretSetting][] =>
    value instanceof Secret || value instanceof KeyVaultName ? [[name, value]] : [],
  );
  const ofCompatible = settings.SQ_COMPATIBLE_PROVIDERS.flatMap(({ keySetting }) => {
    const value = keySetting && readSecretSetting(given[keySetting] ?? '');
    return keySetting && value ? [[keySetting, value] as const] : [];
  });
  return Object.fromEntries([...own, ...ofCompatible]);
};

const toEmbeddingConfig = (settings: Settings): Config['embedding'] => {
  const [offline] = settings.SQ_ECHO;
  const usual = offline ? { provider: offline.name, model: 'echo-embedding' } : null;
  const target = settings.SQ_EMBEDDING === undefined ? usual : settings.SQ_EMBEDDING;
  return target && { ...target, dimensions: settings.SQ_EMBEDDING_DIMENSIONS ?? null };
};

/** `combinationFaults` has seen to it that all parts are there, or none. */
const toEntraConfig = (settings: Settings): Config['entra'] =>
  settings.SQ_ENTRA_AUDIENCE && settings.SQ_ENTRA_ROLES
    ? {
        audiences: settings.SQ_ENTRA_AUDIENCE,
        tenants: settings.SQ_ENTRA_TENANTS ?? [],
        issuer: settings.SQ_ENTRA_ISSUER ?? null,
        jwksUrl: settings.SQ_ENTRA_JWKS_URL,
        groups: settings.SQ_ENTRA_GROUPS ?? null,
        roles: settings.SQ_ENTRA_ROLES,
        signIn: settings.SQ_ENTRA_CLIENT_ID
          ? {
              authority: settings.SQ_ENTRA_AUTHORITY ?? authorityOf(settings.SQ_ENTRA_TENANTS ?? []),
              clientId: settings.SQ_ENTRA_CLIENT_ID,
              scope: settings.SQ_ENTRA_SCOPE ?? `${settings.SQ_ENTRA_AUDIENCE[0]}/.default`,
            }
          : null,
      }
    : null;

const authorityOf = (tenants: readonly string[]): string =>
  `https://login.microsoftonline.com/${tenants.length === 1 ? tenants[0] : 'organizations'}`;

const deepFreeze = <Value>(value: Value): Value => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
};
