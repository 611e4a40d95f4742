import { describe, expect, it } from '@jest/globals';
import { ProviderError, type ProviderErrorKind } from '../../../src/errors.ts';
import type { CompletionAnswer } from '../../../src/providers/provider.ts';
import { classifyAnswer } from '../../../src/services/calls/classify-answer.ts';
import { classifyError, costOfError } from '../../../src/services/calls/classify-error.ts';
import { outcomeDetails } from '../../../src/services/calls/outcome-details.ts';
import { answerOf } from '../support/answers.ts';

describe('classifyAnswer', () => {
  const reasoned = (reasoningTokens: number | null) => ({
    inputTokens: 5,
    cachedInputTokens: 0,
    outputTokens: 64,
    reasoningTokens,
  });
  it.each<[string, Partial<CompletionAnswer>, string, string | null]>([
    ['an answer', {}, 'ok', null],
    ['an answer without a reason', { finishReason: null }, 'ok', 'no_finish_reason'],
    ['silence', { text: ' \n' }, 'ok', 'empty_answer'],
    ['a wish for tools', { text: '', finishReason: 'tool_calls' }, 'ok', 'tool_calls'],
    [
      'a filtered answer',
      { text: 'half', finishReason: 'content_filter' },
      'content_filtered',
      'completion_filtered',
    ],
    ['a refusal', { text: '', refusal: 'I cannot' }, 'refused', 'model_refusal'],
    ['a cut answer', { finishReason: 'length' }, 'truncated', 'max_output_tokens'],
    [
      'a cut answer after reasoning',
      { finishReason: 'length', usage: reasoned(60) },
      'truncated',
      'max_output_tokens',
    ],
    [
      'nothing but reasoning',
      { text: '', finishReason: 'length', usage: reasoned(64) },
      'truncated',
      'reasoning_exhausted',
    ],
    [
      'cut before a word, without reasoning',
      { text: '', finishReason: 'length', usage: reasoned(0) },
      'truncated',
      'max_output_tokens',
    ],
    [
      'cut before a word, reasoning unknown',
      { text: '', finishReason: 'length', usage: reasoned(null) },
      'truncated',
      'max_output_tokens',
    ],
  ])('%s', (_, answer, outcome, detail) => {
    expect(classifyAnswer(answerOf(answer))).toEqual({ outcome, detail });
  });
});

describe('classifyError and costOfError', () => {
  it.each<[ProviderErrorKind, number | null, string | null, string, string, '0' | null]>([
    ['rate_limited', 429, null, 'provider_error', 'rate_limited', '0'],
    ['overloaded', 503, null, 'provider_error', 'overloaded', '0'],
    ['server_error', 500, null, 'provider_error', 'server_error', null],
    ['connection', null, 'ECONNREFUSED', 'provider_error', 'connection_failed', '0'],
    ['connection', null, 'ENOTFOUND', 'provider_error', 'connection_failed', '0'],
    ['connection', null, 'ECONNRESET', 'unknown_outcome', 'connection_lost', null],
    ['connection', null, null, 'unknown_outcome', 'connection_lost', null],
    ['timeout', null, null, 'timeout', 'deadline', null],
    ['server_error', 408, null, 'timeout', 'provider_timeout', null],
    ['server_error', 504, null, 'timeout', 'provider_timeout', null],
    ['cancelled', null, null, 'cancelled', 'cancelled', null],
    ['stream_cut', 200, null, 'truncated', 'stream_cut', null],
    ['bad_response', 200, null, 'provider_error', 'bad_response', null],
    ['content_filter', 400, null, 'content_filtered', 'prompt_filtered', null],
    ['authentication', 401, null, 'provider_error', 'authentication', '0'],
    ['permission', 403, null, 'provider_error', 'permission', '0'],
    ['out_of_credit', 402, null, 'provider_error', 'out_of_credit', '0'],
    ['model_not_found', 404, null, 'provider_error', 'model_not_found', '0'],
    ['context_length', 400, null, 'provider_error', 'context_length', null],
    ['invalid_request', 400, null, 'provider_error', 'invalid_request', '0'],
  ])('%s with status %p and code %p', (kind, httpStatus, providerCode, outcome, detail, cost) => {
    const error = new ProviderError(kind, 'failed', {
      provider: 'p',
      retryable: false,
      httpStatus,
      providerCode,
    });
    expect(classifyError(error)).toEqual({ outcome, detail });
    expect(costOfError(error)).toBe(cost);
    // The documented list says of each detail which outcome it belongs to.
    expect(Object.entries(outcomeDetails)).toContainEqual([detail, expect.stringContaining(`${outcome}: `)]);
  });
});
