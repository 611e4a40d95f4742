import type { CompletionAnswer } from '../../../src/providers/provider.ts';

/** An ordinary answer; the test says what is different. */
export const answerOf = (different: Partial<CompletionAnswer> = {}): CompletionAnswer => ({
  text: 'Paris.',
  refusal: null,
  finishReason: 'stop',
  requestedModel: 'model-a',
  servedModel: 'model-a-2026-01-01',
  usage: { inputTokens: 1000, cachedInputTokens: 400, outputTokens: 300, reasoningTokens: 0 },
  providerRequestId: 'req-1',
  systemFingerprint: 'fp-1',
  rateLimit: { 'x-ratelimit-remaining-requests': '9' },
  contentFilter: null,
  raw: { id: 'chatcmpl-1' },
  ...different,
});
