import { createChatCompletions } from './chat-completions.ts';
import type { ReadKey } from './endpoint.ts';
import type { Provider, ProviderCapabilities } from './provider.ts';
import type { Fetch } from './wire-client.ts';

export type CompatibleOptions = {
  name: string;
  /** Up to and with the version, such as `http://127.0.0.1:8000/v1`. */
  baseUrl: string;
  /** null: the endpoint asks for no key. */
  key: ReadKey | null;
  /** Undefined: any model may be asked for. */
  models?:
    | readonly { id: string; family?: string | undefined; contextTokens?: number | undefined }[]
    | undefined;
  capabilities?: { [Name in keyof ProviderCapabilities]?: boolean | undefined } | undefined;
  fetch: Fetch;
};

/** Any other endpoint of the same protocol (vLLM, Ollama, a gateway, …). What it isn't said to be able to, it isn't asked for. */
export const createCompatibleProvider = (options: CompatibleOptions): Provider => {
  const able = options.capabilities ?? {};
  return createChatCompletions({
    name: options.name,
    kind: 'compatible',
    baseUrl: options.baseUrl,
    key: options.key,
    fetch: options.fetch,
    capabilities: {
      stream: able.stream ?? true,
      embed: able.embed ?? false,
      listModels: able.listModels ?? false,
      logprobs: able.logprobs ?? false,
      seed: able.seed ?? false,
    },
    declaredModels:
      options.models?.map(({ id, family, contextTokens }) => ({
        id,
        family: family ?? id,
        contextTokens: contextTokens ?? null,
      })) ?? null,
  });
};
