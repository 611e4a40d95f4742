import { ProviderError } from '../errors.ts';
import { isRetryable } from './classify-refusal.ts';
import type { EchoOptions } from './echo.ts';
import { createSeededRandom, hash32 } from './seeded-random.ts';

/** Questions whose asks are counted; the oldest is forgotten first. */
const countedQuestions = 10_000;
const retryAfterMs = 50;

/**
 * Decides which calls of an echo instance fail, and how: by the hash of the question and the number of times it was asked.
 *
 * @returns for a question's id the fault of its next ask, or null.
 */
export const planEchoFault = (options: EchoOptions): ((requestId: string) => ProviderError | null) => {
  const { name, failureRate = 0, rateLimitRate = 0, filterRate = 0 } = options;
  if (failureRate + rateLimitRate + filterRate === 0) return () => null;
  const asks = new Map<string, number>();

  const askNumber = (requestId: string): number => {
    const number = (asks.get(requestId) ?? 0) + 1;
    asks.delete(requestId);
    asks.set(requestId, number);
    const oldest = asks.keys().next();
    if (asks.size > countedQuestions && !oldest.done) asks.delete(oldest.value);
    return number;
  };

  const fault = (
    kind: 'server_error' | 'rate_limited' | 'content_filter',
    httpStatus: number,
    requestId: string,
  ): ProviderError =>
    new ProviderError(kind, `${name} was told to fail this call (${kind})`, {
      provider: name,
      retryable: isRetryable(kind),
      retryAfterMs: kind === 'rate_limited' ? retryAfterMs : null,
      httpStatus,
      providerRequestId: requestId,
      providerCode: `echo_${kind}`,
      contentFilter:
        kind === 'content_filter'
          ? [{ category: 'violence', filtered: true, severity: 'medium', source: 'prompt' }]
          : null,
    });

  return (requestId) => {
    // A filter judges the question alone: asking again doesn't help.
    if (createSeededRandom(hash32(`filter ${requestId}`))() < filterRate) {
      return fault('content_filter', 400, requestId);
    }
    const drawn = createSeededRandom(hash32(`${requestId} ${askNumber(requestId)}`))();
    if (drawn < failureRate) return fault('server_error', 500, requestId);
    if (drawn < failureRate + rateLimitRate) return fault('rate_limited', 429, requestId);
    return null;
  };
};
