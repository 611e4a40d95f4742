/**
 * The parts of the chat-completions protocol that are read. Lenient on purpose: a vendor that leaves a field out, sends
 * null or adds one doesn't break a call. (`openai`'s own types promise fields that compatible endpoints don't send.)
 */
type Maybe<Value> = Value | null | undefined;

export type WireUsage = {
  prompt_tokens?: Maybe<number>;
  completion_tokens?: Maybe<number>;
  prompt_tokens_details?: Maybe<{ cached_tokens?: Maybe<number> }>;
  completion_tokens_details?: Maybe<{ reasoning_tokens?: Maybe<number> }>;
  /** DeepSeek's own name for cached input. */
  prompt_cache_hit_tokens?: Maybe<number>;
};

/** Azure: categories such as `hate`, `jailbreak`, `protected_material_code`, each with its own members. */
export type WireFilterResults = object;

export type WireMessage = {
  role?: Maybe<string>;
  content?: unknown;
  refusal?: Maybe<string>;
  /** DeepSeek's and others' visible reasoning. */
  reasoning_content?: Maybe<string>;
};

export type WireChoice<Part extends 'message' | 'delta'> = {
  index?: Maybe<number>;
  finish_reason?: Maybe<string>;
  logprobs?: Maybe<{ content?: Maybe<unknown[]>; refusal?: Maybe<unknown[]> }>;
  content_filter_results?: Maybe<WireFilterResults>;
} & { [key in Part]?: Maybe<WireMessage> };

export type WireChat<Part extends 'message' | 'delta'> = {
  id?: Maybe<string>;
  model?: Maybe<string>;
  created?: Maybe<number>;
  system_fingerprint?: Maybe<string>;
  choices?: Maybe<WireChoice<Part>[]>;
  usage?: Maybe<WireUsage>;
  prompt_filter_results?: Maybe<
    { content_filter_results?: Maybe<WireFilterResults>; content_filter_result?: Maybe<WireFilterResults> }[]
  >;
};

export type WireError = {
  message?: unknown;
  code?: unknown;
  type?: unknown;
  param?: unknown;
  innererror?: Maybe<{
    code?: unknown;
    content_filter_result?: Maybe<WireFilterResults>;
    content_filter_results?: Maybe<WireFilterResults>;
  }>;
};
