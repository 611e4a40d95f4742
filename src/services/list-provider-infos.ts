import type { ProviderInfo } from '../contract/provider-info.ts';
import type { Provider } from '../providers/provider.ts';

/** What callers may know of the configured providers: no address, no key. */
export const listProviderInfos = (providers: ReadonlyMap<string, Provider>): ProviderInfo[] =>
  [...providers.values()].map(({ name, kind, declaredModels, capabilities }) => ({
    name,
    kind,
    models: declaredModels?.map(({ id, family, contextTokens }) => ({ id, family, contextTokens })) ?? null,
    capabilities: {
      stream: capabilities.stream,
      embed: capabilities.embed,
      listModels: capabilities.listModels,
      logprobs: capabilities.logprobs,
      seed: capabilities.seed,
    },
  }));
