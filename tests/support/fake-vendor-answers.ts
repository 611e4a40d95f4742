import type { FakeAnswer, FakeRequest } from './fake-provider.ts';

export type FakeVendor = 'azure' | 'openai' | 'hyperbolic' | 'compatible';

type ChatBody = {
  model?: string;
  messages?: { role: string; content: string }[];
  stream?: boolean;
  stream_options?: { include_usage?: boolean };
};
type EmbeddingBody = { model?: string; input?: string[]; dimensions?: number };

const usage = {
  prompt_tokens: 11,
  completion_tokens: 7,
  total_tokens: 18,
  prompt_tokens_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 0 },
};

const safe = { filtered: false, severity: 'safe' };
const safeCategories = { hate: safe, self_harm: safe, sexual: safe, violence: safe };

const vendorHeaders: Record<FakeVendor, Record<string, string>> = {
  azure: {
    'apim-request-id': 'apim-fake-1',
    'x-ratelimit-remaining-requests': '99',
    'x-ratelimit-remaining-tokens': '9900',
  },
  openai: {
    'x-request-id': 'req-fake-1',
    'x-ratelimit-limit-requests': '500',
    'x-ratelimit-remaining-requests': '499',
    'x-ratelimit-reset-requests': '120ms',
  },
  hyperbolic: { 'x-request-id': 'req-fake-1' },
  compatible: { 'x-request-id': 'req-fake-1' },
};

/** What the fake says to a question: known beforehand, so tests can expect it. */
export const fakeText = (question: string): string => `Answer to: ${question}`;
/** The model that answers a request for `model`. */
export const fakeServedModel = (model: string): string => `${model}-2026-01-01`;

/** A chat answer in the vendors' JSON shape; `overrides` replace top-level members. */
export const chatAnswer = (
  text: string,
  overrides: Record<string, unknown> = {},
): Record<string, unknown> => ({
  id: 'chatcmpl-fake',
  object: 'chat.completion',
  created: 1_767_225_600,
  model: 'fake-model-2026-01-01',
  system_fingerprint: 'fp_fake',
  choices: [
    { index: 0, message: { role: 'assistant', content: text, refusal: null }, finish_reason: 'stop' },
  ],
  usage,
  ...overrides,
});

/** One server-sent event. */
export const sse = (data: unknown): string =>
  `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;

/** A chat chunk in the vendors' JSON shape. */
export const chatChunk = (
  delta: Record<string, unknown>,
  finishReason: string | null = null,
  overrides: Record<string, unknown> = {},
): Record<string, unknown> => ({
  id: 'chatcmpl-fake',
  object: 'chat.completion.chunk',
  created: 1_767_225_600,
  model: 'fake-model-2026-01-01',
  system_fingerprint: 'fp_fake',
  choices: [{ index: 0, delta, finish_reason: finishReason }],
  ...overrides,
});

/** The vendors' error envelope. */
export const errorAnswer = (
  status: number,
  error: { message: string; code?: string | null; type?: string; param?: string; innererror?: unknown },
  headers: Record<string, string> = {},
): FakeAnswer => ({ status, headers, body: { error: { code: null, type: 'error', param: null, ...error } } });

const chat = (request: FakeRequest, body: ChatBody): FakeAnswer => {
  const text = fakeText(body.messages?.at(-1)?.content ?? '');
  const model = fakeServedModel(body.model ?? 'fake-model');
  const isAzure = request.vendor === 'azure';
  const promptFilter = {
    prompt_filter_results: [{ prompt_index: 0, content_filter_results: safeCategories }],
  };
  const headers = vendorHeaders[request.vendor];
  if (!body.stream) {
    const answer = chatAnswer(text, { model, ...(isAzure ? promptFilter : {}) });
    if (isAzure)
      Object.assign((answer.choices as object[])[0] ?? {}, { content_filter_results: safeCategories });
    return { headers, body: answer };
  }
  const words = text.match(/\S+\s*/g) ?? [];
  const chunks = [
    ...(isAzure ? [sse(chatChunk({}, null, { model: '', choices: [], ...promptFilter }))] : []),
    sse(chatChunk({ role: 'assistant', content: '' }, null, { model })),
    ...words.map((word) => sse(chatChunk({ content: word }, null, { model }))),
    sse(chatChunk({}, 'stop', { model })),
    ...(body.stream_options?.include_usage ? [sse(chatChunk({}, null, { model, choices: [], usage }))] : []),
    sse('[DONE]'),
  ];
  return { headers, chunks };
};

const embeddings = (request: FakeRequest, body: EmbeddingBody): FakeAnswer => {
  const dimensions = body.dimensions ?? 8;
  const data = (body.input ?? []).map((text, index) => ({
    object: 'embedding',
    index,
    embedding: Array.from({ length: dimensions }, (_, place) => (place === text.length % dimensions ? 1 : 0)),
  }));
  return {
    headers: vendorHeaders[request.vendor],
    body: { object: 'list', data, model: body.model, usage: { prompt_tokens: 5, total_tokens: 5 } },
  };
};

const models: FakeAnswer = {
  body: {
    object: 'list',
    data: [
      { id: 'fake-model', object: 'model', created: 1_767_225_600, owned_by: 'fake' },
      { id: 'fake-embedding', object: 'model', created: 1_767_225_600, owned_by: 'fake' },
    ],
  },
};

/** What the vendor normally answers to this request. */
export const vendorAnswer = (request: FakeRequest): FakeAnswer => {
  const path = request.path.split('?')[0] ?? '';
  if (!request.headers.authorization && !request.headers['api-key'] && request.vendor !== 'compatible') {
    return errorAnswer(401, { message: 'No API key provided.', code: 'invalid_api_key' });
  }
  if (path.endsWith('/v1/chat/completions')) return chat(request, (request.body ?? {}) as ChatBody);
  if (path.endsWith('/v1/embeddings') && request.vendor !== 'hyperbolic') {
    return embeddings(request, (request.body ?? {}) as EmbeddingBody);
  }
  if (path.endsWith('/v1/models') && request.vendor !== 'hyperbolic') return models;
  return errorAnswer(404, { message: `Unknown request URL: ${path}`, code: 'unknown_url' });
};
