import { createChatCompletions } from './chat-completions.ts';
import type { ReadKey } from './endpoint.ts';
import type { Provider } from './provider.ts';
import type { Fetch } from './wire-client.ts';

export type OpenAiOptions = {
  name: string;
  baseUrl?: string | undefined;
  key: ReadKey;
  fetch: Fetch;
};

/** OpenAI itself: any of its models may be asked for, and it can list them. */
export const createOpenAiProvider = (options: OpenAiOptions): Provider =>
  createChatCompletions({
    name: options.name,
    kind: 'openai',
    baseUrl: options.baseUrl ?? 'https://api.openai.com/v1',
    key: options.key,
    fetch: options.fetch,
    capabilities: { stream: true, embed: true, listModels: true, logprobs: true, seed: true },
    declaredModels: null,
  });
