import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

export type HostSettings = {
  /** Prefix of every route, without slashes; `''` for none. */
  routePrefix: string;
  /** `functionTimeout`; null when there is none (`-1`). */
  functionTimeoutMs: number | null;
  /** `FUNCTIONS_REQUEST_BODY_SIZE_LIMIT`, in bytes. */
  maxBodyBytes: number;
  /** `AzureWebJobsDisableHomepage`. */
  homepageDisabled: boolean;
  /** `extensions.durableTask`, as far as the local engine knows it. */
  durable: { hubName: string; maxActivities: number; maxOrchestrators: number };
};

const defaultTimeoutMs = 30 * 60_000;
const defaultMaxBodyBytes = 104_857_600;

/** Milliseconds of a .NET TimeSpan text such as `00:10:00`, `1.00:00:00` or `00:00:00.5`. */
export const parseTimeSpanMs = (text: string): number => {
  const match = /^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)$/.exec(text);
  if (match === null) throw new Error(`"${text}" is no time span such as 00:10:00`);
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = match;
  return Math.round(
    (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000,
  );
};

/** Replaces `%NAME%` by that setting; where there is none the name itself has to do. */
const resolveSettings = (text: string, env: Record<string, string | undefined>): string =>
  text.replace(/%(\w+)%/g, (_, name: string) => env[name] ?? name);

/**
 * Reads `host.json` and the environment that overrides it (`AzureFunctionsJobHost__functionTimeout` and so on), as the
 * real host does. A missing `host.json` is an error, as there.
 */
export const readHostSettings = (appDir: string, env: Record<string, string | undefined>): HostSettings => {
  const hostJson = JSON.parse(readFileSync(join(appDir, 'host.json'), 'utf8')) as {
    functionTimeout?: string;
    extensions?: { http?: { routePrefix?: string }; durableTask?: Record<string, unknown> };
  };
  const durableOption = (name: string, otherwise: number): number => {
    const value =
      env[`AzureFunctionsJobHost__extensions__durableTask__${name}`] ??
      hostJson.extensions?.durableTask?.[name];
    return Number(value) > 0 ? Number(value) : otherwise;
  };
  const tenPerCore = 10 * availableParallelism();
  const timeout = env.AzureFunctionsJobHost__functionTimeout ?? hostJson.functionTimeout;
  const prefix =
    env.AzureFunctionsJobHost__extensions__http__routePrefix ??
    hostJson.extensions?.http?.routePrefix ??
    'api';
  const limit = Number(env.FUNCTIONS_REQUEST_BODY_SIZE_LIMIT ?? defaultMaxBodyBytes);
  return {
    routePrefix: prefix.replace(/^\/+|\/+$/g, ''),
    functionTimeoutMs:
      timeout === undefined ? defaultTimeoutMs : timeout === '-1' ? null : parseTimeSpanMs(timeout),
    maxBodyBytes: Number.isFinite(limit) && limit > 0 ? limit : defaultMaxBodyBytes,
    homepageDisabled: env.AzureWebJobsDisableHomepage?.toLowerCase() === 'true',
    durable: {
      hubName: resolveSettings(
        String(
          env.AzureFunctionsJobHost__extensions__durableTask__hubName ??
            hostJson.extensions?.durableTask?.hubName ??
            'TestHubName',
        ),
        env,
      ),
      maxActivities: durableOption('maxConcurrentActivityFunctions', tenPerCore),
      maxOrchestrators: durableOption('maxConcurrentOrchestratorFunctions', tenPerCore),
    },
  };
};
