import type { Config } from './config/config.ts';
import type { Identity } from './identity/create-identity.ts';
import type { AzureCredential } from './identity/token-source.ts';
import { removePii } from './services/prompts/remove-pii.ts';
import type { Logger } from './telemetry/logger.ts';
import { noTelemetry } from './telemetry/no-telemetry.ts';
import type { Telemetry } from './telemetry/telemetry.ts';
import { createTraceContent } from './telemetry/trace-content.ts';

export type TelemetryDependencies = {
  logger: Logger;
  identity: Identity;
  version: string;
  /** Strikes secrets out of what leaves. */
  redact: (text: string) => string;
};

/**
 * What is configured of Langfuse and Application Insights; neither is a condition of anything, so what cannot be opened is logged
 * and left out. Loads nothing where nothing is configured.
 */
export const wireTelemetry = async (
  { telemetry: config, identity: { clientId } }: Config,
  { logger, identity, version, redact }: TelemetryDependencies,
): Promise<Telemetry> => {
  const { langfuse, applicationInsights, content, flushMs } = config;
  if (langfuse === null && applicationInsights === null) return noTelemetry;
  const read = (setting: string) => identity.readKey(setting)();
  const readAll = async () => ({
    publicKey: langfuse && (await read(langfuse.publicKeySetting)),
    secretKey: langfuse && (await read(langfuse.secretKeySetting)),
    connectionString: applicationInsights && (await read(applicationInsights.connectionStringSetting)),
  });
  try {
    const [{ createOpenTelemetry }, keys] = await Promise.all([
      import('./telemetry/open-telemetry.ts'),
      within(flushMs, readAll()),
    ]);
    const { publicKey, secretKey, connectionString } = keys;
    return await createOpenTelemetry({
      langfuse: langfuse && publicKey && secretKey ? { ...langfuse, publicKey, secretKey } : null,
      applicationInsights:
        applicationInsights && connectionString
          ? {
              connectionString,
              credential:
                applicationInsights.entra &&
                credentialOf(identity, applicationInsights.entra.clientId, clientId),
            }
          : null,
      content: createTraceContent({
        mode: content,
        mask: (text) => removePii(text, ['email', 'phone', 'card']),
        redact,
      }),
      withinMs: flushMs,
      version,
      logger,
    });
  } catch (error) {
    logger.error('telemetry could not be opened, nothing is traced', { error });
    return noTelemetry;
  }
};

/** The first request waits for this; a vault that keeps silent must not hold it up. */
const within = async <Result>(ms: number, work: Promise<Result>): Promise<Result> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the keys of telemetry were not read in time')), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

/** The identity's own credential, or that of another identity: its tokens are cached below, so each is given out for a minute. */
const credentialOf = (identity: Identity, wanted: string | null, own: string | null): AzureCredential =>
  wanted === null || wanted === own
    ? identity.credential
    : {
        getToken: async (scopes) => {
          const [scope = ''] = Array.isArray(scopes) ? scopes : [scopes];
          const token = await identity.readToken(wanted, scope)();
          return { token, expiresOnTimestamp: Date.now() + 60_000 };
        },
      };
