import type { AzureDeployment, CompatibleProvider, EchoInstance } from './provider-settings.ts';
import { Secret } from './secret.ts';
import type { Settings } from './settings.ts';

export type ProviderConfig =
  | ({ kind: 'echo' } & EchoInstance)
  | {
      kind: 'azure';
      endpoint: string;
      deployments: readonly AzureDeployment[];
      auth: { type: 'key'; key: Secret } | { type: 'entra'; scope: string; clientId: string | null };
    }
  | { kind: 'openai' | 'hyperbolic'; baseUrl: string; key: Secret }
  | ({ kind: 'compatible'; key: Secret | null } & CompatibleProvider);

/** Which providers the settings switch on, in the order they are listed. */
export const toProviderConfigs = (
  settings: Settings,
  given: Readonly<Record<string, string | undefined>>,
): ProviderConfig[] => {
  const providers: ProviderConfig[] = settings.SQ_ECHO.map((echo) => ({ kind: 'echo', ...echo }));
  if (settings.AOAI_ENDPOINT && settings.AOAI_DEPLOYMENTS) {
    const auth =
      settings.AOAI_AUTH === 'key' && settings.AOAI_KEY
        ? { type: 'key' as const, key: settings.AOAI_KEY }
        : { type: 'entra' as const, scope: settings.AOAI_SCOPE, clientId: settings.AOAI_CLIENT_ID ?? null };
    providers.push({
      kind: 'azure',
      endpoint: settings.AOAI_ENDPOINT,
      deployments: settings.AOAI_DEPLOYMENTS,
      auth,
    });
  }
  if (settings.SQ_OPENAI_KEY) {
    providers.push({ kind: 'openai', baseUrl: settings.SQ_OPENAI_BASE_URL, key: settings.SQ_OPENAI_KEY });
  }
  if (settings.SQ_HYPERBOLIC_KEY) {
    providers.push({
      kind: 'hyperbolic',
      baseUrl: settings.SQ_HYPERBOLIC_BASE_URL,
      key: settings.SQ_HYPERBOLIC_KEY,
    });
  }
  for (const compatible of settings.SQ_COMPATIBLE_PROVIDERS) {
    const key = compatible.keySetting ? given[compatible.keySetting] : undefined;
    providers.push({ kind: 'compatible', ...compatible, key: key === undefined ? null : new Secret(key) });
  }
  return providers;
};
