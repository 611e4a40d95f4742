import type { Outcome } from '../contract/inference.ts';
import type { ProviderError, ProviderErrorKind } from '../errors.ts';
import type { CompletionAnswer } from '../providers/provider.ts';
import type { OutcomeDetail } from './outcome-details.ts';

export type Classified = { outcome: Outcome; detail: OutcomeDetail | null };

/** What an answer amounts to. A filter or a refusal counts before the finish reason: neither is a measurement of the model. */
export const classifyAnswer = (answer: CompletionAnswer): Classified => {
  if (answer.finishReason === 'content_filter') {
    return { outcome: 'content_filtered', detail: 'completion_filtered' };
  }
  if (answer.refusal !== null && answer.refusal !== '')
    return { outcome: 'refused', detail: 'model_refusal' };
  const isEmpty = answer.text.trim() === '';
  if (answer.finishReason === 'length') {
    const reasoned = isEmpty && (answer.usage.reasoningTokens ?? 0) > 0;
    return { outcome: 'truncated', detail: reasoned ? 'reasoning_exhausted' : 'max_output_tokens' };
  }
  if (answer.finishReason === 'tool_calls') return { outcome: 'ok', detail: 'tool_calls' };
  if (isEmpty) return { outcome: 'ok', detail: 'empty_answer' };
  return { outcome: 'ok', detail: answer.finishReason === null ? 'no_finish_reason' : null };
};

/** What a failed call amounts to. */
export const classifyError = (error: ProviderError): Classified => {
  switch (error.kind) {
    case 'content_filter':
      return { outcome: 'content_filtered', detail: 'prompt_filtered' };
    case 'timeout':
      return { outcome: 'timeout', detail: error.httpStatus === null ? 'deadline' : 'provider_timeout' };
    case 'cancelled':
      return { outcome: 'cancelled', detail: 'cancelled' };
    case 'connection':
      return wasNeverSent(error)
        ? { outcome: 'provider_error', detail: 'connection_failed' }
        : { outcome: 'unknown_outcome', detail: 'connection_lost' };
    default:
      return { outcome: 'provider_error', detail: error.kind };
  }
};

/** Refused before any model worked. Whatever isn't listed may have been billed: Azure bills filtered prompts, 408 and over-long inputs. */
const freeKinds: ReadonlySet<ProviderErrorKind> = new Set([
  'rate_limited',
  'overloaded',
  'authentication',
  'permission',
  'out_of_credit',
  'model_not_found',
  'invalid_request',
]);

/** The cost of a failed attempt: '0' where it certainly cost nothing, otherwise null. */
export const costOfError = (error: ProviderError): '0' | null =>
  freeKinds.has(error.kind) || (error.kind === 'connection' && wasNeverSent(error)) ? '0' : null;

/** Codes of Node and undici that can only come up before a request has left. */
const neverSentCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

const wasNeverSent = (error: ProviderError): boolean => {
  let cause: unknown = error.cause;
  // The SDK wraps fetch's error, which wraps the socket's: a few levels, with a bound against cycles.
  for (let depth = 0; depth < 8 && cause instanceof Error; depth += 1) {
    if ('code' in cause && typeof cause.code === 'string' && neverSentCodes.has(cause.code)) return true;
    cause = cause instanceof AggregateError ? cause.errors[0] : cause.cause;
  }
  return false;
};
