/** The one interface of every LLM endpoint: wire formats in, one normal form out; no retry, no storage. */
export type ChatMessage = { role: 'system' | 'user' | 'assistant'; content: string };

export type CompletionParameters = {
  temperature?: number | undefined;
  topP?: number | undefined;
  /** Upper bound of output tokens, reasoning included. Always sent to the provider. */
  maxOutputTokens: number;
  stop?: readonly string[] | undefined;
  seed?: number | undefined;
  presencePenalty?: number | undefined;
  frequencyPenalty?: number | undefined;
  reasoningEffort?: 'minimal' | 'low' | 'medium' | 'high' | undefined;
  logprobs?: boolean | undefined;
  topLogprobs?: number | undefined;
  responseFormat?: { type: 'text' | 'json_object' } | undefined;
};

export type CompletionRequest = {
  /** What is asked for; for Azure the deployment name. */
  model: string;
  messages: readonly ChatMessage[];
  parameters: CompletionParameters;
  signal?: AbortSignal | undefined;
  /** How long this one call may take; passing it ends in a `timeout` ProviderError. */
  timeoutMs: number;
};

/** Why the model stopped. `null` in an answer: the vendor said nothing. */
export type FinishReason = 'stop' | 'length' | 'content_filter' | 'tool_calls' | 'other';

/** Token counts as the vendor reported them; null is unknown, never 0. */
export type Usage = {
  /** All input tokens, cached ones included. */
  inputTokens: number | null;
  cachedInputTokens: number | null;
  /** All output tokens, reasoning included. */
  outputTokens: number | null;
  reasoningTokens: number | null;
};

/** One category of a vendor's content filter. */
export type ContentFilterResult = {
  category: string;
  filtered: boolean;
  severity: string | null;
  source: 'prompt' | 'completion';
};

export type CompletionAnswer = {
  text: string;
  /** The model's own words when it declined in the vendor's `refusal` field. */
  refusal: string | null;
  finishReason: FinishReason | null;
  requestedModel: string;
  servedModel: string | null;
  usage: Usage;
  providerRequestId: string | null;
  systemFingerprint: string | null;
  /** The vendor's rate-limit headers; values that mean "unknown" (-1) are left out; null when there are none. */
  rateLimit: Record<string, string> | null;
  contentFilter: ContentFilterResult[] | null;
  /** Sampling parameters of the request, by the vendor's names, that were left out because this model doesn't take them. */
  omittedParameters?: readonly string[];
  /** The answer as it came (for a stream: the assembled answer in the same shape). */
  raw: unknown;
};

export type StreamEvent = { type: 'delta'; text: string } | { type: 'end'; answer: CompletionAnswer };

export type EmbeddingRequest = {
  model: string;
  input: readonly string[];
  dimensions?: number | undefined;
  signal?: AbortSignal | undefined;
  timeoutMs: number;
};

export type EmbeddingAnswer = {
  /** One vector an input, in the order of the inputs. */
  vectors: number[][];
  servedModel: string | null;
  usage: Pick<Usage, 'inputTokens'>;
  providerRequestId: string | null;
};

export type ModelInfo = {
  id: string;
  /** The model family behind a deployment name; equals `id` where there are no deployments. */
  family: string | null;
  /** Tokens that input and output may take together; null when unknown. */
  contextTokens: number | null;
};

export type ProviderCapabilities = {
  stream: boolean;
  embed: boolean;
  /** Whether the endpoint itself can list its models; otherwise the declared ones are the list. */
  listModels: boolean;
  logprobs: boolean;
  seed: boolean;
};

export type ProviderKind = 'azure' | 'openai' | 'hyperbolic' | 'compatible' | 'echo';

export type Provider = {
  readonly name: string;
  readonly kind: ProviderKind;
  readonly capabilities: ProviderCapabilities;
  /** Models declared in the configuration; null when any name may be asked for. */
  readonly declaredModels: readonly ModelInfo[] | null;
  /** @throws {ProviderError} on every failure, a content filter that answers HTTP 400 included. */
  complete(request: CompletionRequest): Promise<CompletionAnswer>;
  /** Ends with exactly one `end` event. @throws {ProviderError} also between events (`stream_cut`, with the partial text). */
  stream(request: CompletionRequest): AsyncIterable<StreamEvent>;
  /** Present exactly where `capabilities.embed` is true. @throws {ProviderError} */
  embed?(request: EmbeddingRequest): Promise<EmbeddingAnswer>;
  /** @throws {ProviderError} */
  listModels(options?: { signal?: AbortSignal; timeoutMs?: number }): Promise<ModelInfo[]>;
};
