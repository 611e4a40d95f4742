import { createChatCompletions } from './chat-completions.ts';
import type { ReadKey } from './endpoint.ts';
import type { Provider } from './provider.ts';
import type { Fetch } from './wire-client.ts';

export type HyperbolicOptions = {
  name: string;
  baseUrl?: string | undefined;
  key: ReadKey;
  fetch: Fetch;
};

/**
 * Hyperbolic: knows only `max_tokens`, whatever the model; answers 402 when the credit is used up; has no embeddings, and
 * its list of models, `logprobs` and `seed` can't be relied on. Its reasoning models write `<think>` into the text,
 * where it stays: cutting it off is the reader's decision, not the wire's.
 */
export const createHyperbolicProvider = (options: HyperbolicOptions): Provider =>
  createChatCompletions({
    name: options.name,
    kind: 'hyperbolic',
    baseUrl: options.baseUrl ?? 'https://api.hyperbolic.xyz/v1',
    key: options.key,
    fetch: options.fetch,
    capabilities: { stream: true, embed: false, listModels: false, logprobs: false, seed: false },
    declaredModels: null,
    tokenLimitField: 'max_tokens',
  });
