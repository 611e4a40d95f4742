import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ConfigError } from './config-error.ts';
import { type ProviderConfig, toProviderConfigs } from './provider-configs.ts';
import type { ProviderLimits } from './provider-settings.ts';
import type { Secret } from './secret.ts';
import { combinationFaults, isOurs, referenceFaults, toFault, unknownFaults } from './setting-faults.ts';
import { Settings } from './settings.ts';

export type Config = {
  database: { url: Secret; poolSize: number };
  adminKey: Secret | null;
  http: { stream: boolean; cookieSecure: boolean };
  logLevel: Settings['SQ_LOG_LEVEL'];
  /** Absolute path of the folder of large files. */
  artifactsDir: string;
  limits: {
    maxInputTokens: number;
    defaultMaxOutputTokens: number;
    maxOutputTokens: number;
    defaultDeadlineMs: number;
    defaultMaxAttempts: number;
    leaseGraceMs: number;
  };
  batches: { stallMs: number };
  providerLimits: ProviderLimits;
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
  database: { url: settings.DATABASE_URL, poolSize: settings.SQ_DATABASE_POOL_SIZE },
  adminKey: settings.SQ_ADMIN_KEY ?? null,
  http: { stream: settings.SQ_HTTP_STREAM, cookieSecure: settings.SQ_COOKIE_SECURE },
  logLevel: settings.SQ_LOG_LEVEL,
  artifactsDir: resolve(settings.SQ_ARTIFACTS_DIR ?? join(tmpdir(), 'study-query-llm')),
  limits: {
    maxInputTokens: settings.SQ_MAX_INPUT_TOKENS,
    defaultMaxOutputTokens: settings.SQ_DEFAULT_MAX_OUTPUT_TOKENS,
    maxOutputTokens: settings.SQ_MAX_OUTPUT_TOKENS,
    defaultDeadlineMs: settings.SQ_DEFAULT_DEADLINE_MS,
    defaultMaxAttempts: settings.SQ_DEFAULT_MAX_ATTEMPTS,
    leaseGraceMs: settings.SQ_LEASE_GRACE_MS,
  },
  batches: { stallMs: settings.SQ_BATCH_STALL_MS },
  providerLimits: settings.SQ_PROVIDER_LIMITS,
  providers: toProviderConfigs(settings, given),
});

const deepFreeze = <Value>(value: Value): Value => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
};
