import { type AzureOptions, createAzureProvider } from './azure.ts';
import { type CompatibleOptions, createCompatibleProvider } from './compatible.ts';
import { createEchoProvider, type EchoOptions } from './echo.ts';
import { createHyperbolicProvider, type HyperbolicOptions } from './hyperbolic.ts';
import { createLeanFetch } from './lean-fetch.ts';
import { createOpenAiProvider, type OpenAiOptions } from './openai.ts';
import type { Provider } from './provider.ts';
import type { Fetch } from './wire-client.ts';

/** A provider's own `fetch` is optional here: one is shared by all. */
type Configured<Kind extends string, Options> = { kind: Kind } & Omit<Options, 'fetch'> & { fetch?: Fetch };

export type ProviderOptions =
  | Configured<'azure', AzureOptions>
  | Configured<'openai', OpenAiOptions>
  | Configured<'hyperbolic', HyperbolicOptions>
  | Configured<'compatible', CompatibleOptions>
  | Configured<'echo', EchoOptions>;

const createProvider = (options: ProviderOptions, shared: Fetch): Provider => {
  const fetch = options.fetch ?? shared;
  switch (options.kind) {
    case 'azure':
      return createAzureProvider({ ...options, fetch });
    case 'openai':
      return createOpenAiProvider({ ...options, fetch });
    case 'hyperbolic':
      return createHyperbolicProvider({ ...options, fetch });
    case 'compatible':
      return createCompatibleProvider({ ...options, fetch });
    case 'echo':
      return createEchoProvider(options);
  }
};

/**
 * The configured providers by name, in the order given. A new kind is one small file, one member of `ProviderOptions`
 * and one case above.
 *
 * @param shared the `fetch` of every provider that brings none of its own.
 * @throws {Error} when two have the same name.
 */
export const createProviders = (
  options: readonly ProviderOptions[],
  shared: Fetch = createLeanFetch(),
): ReadonlyMap<string, Provider> => {
  const providers = new Map<string, Provider>();
  for (const one of options) {
    if (providers.has(one.name)) throw new Error(`two providers are called ${one.name}`);
    providers.set(one.name, createProvider(one, shared));
  }
  return providers;
};
