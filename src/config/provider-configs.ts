import type { AzureDeployment, CompatibleProvider, EchoInstance } from './provider-settings.ts';
import type { Settings } from './settings.ts';

/** Keys are named by their setting and read when they are used: `SecretSource` knows where they lie. */
export type ProviderConfig =
  | ({ kind: 'echo' } & EchoInstance)
  | {
      kind: 'azure';
      endpoint: string;
      deployments: readonly AzureDeployment[];
      auth: { type: 'key'; keySetting: string } | { type: 'entra'; scope: string; clientId: string | null };
    }
  | { kind: 'openai' | 'hyperbolic'; baseUrl: string; keySetting: string }
  | ({ kind: 'compatible' } & CompatibleProvider);

/** Which providers the settings switch on, in the order they are listed. */
export const toProviderConfigs = (settings: Settings): ProviderConfig[] => {
  const providers: ProviderConfig[] = settings.SQ_ECHO.map((echo) => ({ kind: 'echo', ...echo }));
  if (settings.AOAI_ENDPOINT && settings.AOAI_DEPLOYMENTS) {
    const auth =
      settings.AOAI_AUTH === 'key' && settings.AOAI_KEY
        ? { type: 'key' as const, keySetting: 'AOAI_KEY' }
        : {
            type: 'entra' as const,
            scope: settings.AOAI_SCOPE,
            clientId: settings.AOAI_CLIENT_ID ?? settings.AZURE_CLIENT_ID ?? null,
          };
    providers.push({
      kind: 'azure',
      endpoint: settings.AOAI_ENDPOINT,
      deployments: settings.AOAI_DEPLOYMENTS,
      auth,
    });
  }
  if (settings.SQ_OPENAI_KEY) {
    providers.push({ kind: 'openai', baseUrl: settings.SQ_OPENAI_BASE_URL, keySetting: 'SQ_OPENAI_KEY' });
  }
  if (settings.SQ_HYPERBOLIC_KEY) {
    providers.push({
      kind: 'hyperbolic',
      baseUrl: settings.SQ_HYPERBOLIC_BASE_URL,
      keySetting: 'SQ_HYPERBOLIC_KEY',
    });
  }
  for (const compatible of settings.SQ_COMPATIBLE_PROVIDERS) {
    providers.push({ kind: 'compatible', ...compatible });
  }
  return providers;
};
