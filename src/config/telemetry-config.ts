import type { SettingFault } from './config-error.ts';
import type { Settings } from './settings.ts';
import { entraAuthentication } from './telemetry-settings.ts';

/** Keys are named by their setting, as those of providers are. */
export type TelemetryConfig = {
  langfuse: {
    baseUrl: string;
    publicKeySetting: string;
    secretKeySetting: string;
    projectId: string | null;
  } | null;
  applicationInsights: {
    connectionStringSetting: string;
    /** Whether it is signed in to by an Entra token; `clientId` null: the identity of the app. */
    entra: { clientId: string | null } | null;
  } | null;
  content: Settings['SQ_TRACE_CONTENT'];
  flushMs: number;
};

export const toTelemetryConfig = (settings: Settings): TelemetryConfig => {
  const authentication = settings.APPLICATIONINSIGHTS_AUTHENTICATION_STRING;
  const named = entraAuthentication.exec(authentication ?? '')?.groups;
  const clientId = named?.before ?? named?.behind;
  return {
    langfuse: settings.LANGFUSE_SECRET_KEY
      ? {
          baseUrl: settings.LANGFUSE_BASE_URL.replace(/\/+$/, ''),
          publicKeySetting: 'LANGFUSE_PUBLIC_KEY',
          secretKeySetting: 'LANGFUSE_SECRET_KEY',
          projectId: settings.LANGFUSE_PROJECT_ID ?? null,
        }
      : null,
    applicationInsights: settings.APPLICATIONINSIGHTS_CONNECTION_STRING
      ? {
          connectionStringSetting: 'APPLICATIONINSIGHTS_CONNECTION_STRING',
          entra: authentication === undefined ? null : { clientId: clientId ?? null },
        }
      : null,
    content: settings.SQ_TRACE_CONTENT,
    flushMs: settings.SQ_TRACE_FLUSH_MS,
  };
};

/** Half a pair of keys would be silence instead of traces. */
export const telemetryFaults = (settings: Settings): SettingFault[] => {
  const pair = ['LANGFUSE_PUBLIC_KEY', 'LANGFUSE_SECRET_KEY'] as const;
  const [missing, ...others] = pair.filter((name) => settings[name] === undefined);
  if (missing === undefined || others.length > 0) return [];
  const given = pair.find((name) => name !== missing);
  return [{ setting: missing, message: `is missing, though ${given} is set` }];
};
