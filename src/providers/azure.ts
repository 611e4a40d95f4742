import { createChatCompletions } from './chat-completions.ts';
import type { ReadKey } from './endpoint.ts';
import type { ModelInfo, Provider } from './provider.ts';
import type { Fetch } from './wire-client.ts';

export type AzureOptions = {
  name: string;
  /** `https://RESOURCE.openai.azure.com` or `https://RESOURCE.services.ai.azure.com`; a path behind it is taken off. */
  endpoint: string;
  /** The resource's key, or an Entra token; both travel as a bearer token. */
  key: ReadKey;
  /** Deployments with the model family behind each: the name of a deployment tells nothing. */
  deployments: readonly { name: string; family: string; contextTokens?: number | undefined }[];
  fetch: Fetch;
};

/**
 * Azure OpenAI over its v1 API (no api-version). The model asked for is the deployment's name. `/models` lists
 * base models there, not deployments, so the declared ones are the list.
 */
export const createAzureProvider = (options: AzureOptions): Provider => {
  const declaredModels: ModelInfo[] = options.deployments.map(({ name, family, contextTokens }) => ({
    id: name,
    family,
    contextTokens: contextTokens ?? null,
  }));
  return createChatCompletions({
    name: options.name,
    kind: 'azure',
    baseUrl: `${new URL(options.endpoint).origin}/openai/v1`,
    key: options.key,
    fetch: options.fetch,
    capabilities: { stream: true, embed: true, listModels: false, logprobs: true, seed: true },
    declaredModels,
  });
};
