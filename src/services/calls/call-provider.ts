import { ProviderError } from '../../errors.ts';
import type { CompletionAnswer, CompletionRequest, Provider } from '../../providers/provider.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** Providers keep their own time; one that doesn't is left behind this long after, in ms. */
const graceMs = 1000;

type Guarded<Answer> = { answer: Answer; error: null } | { answer: null; error: ProviderError };
export type CallResult = Guarded<CompletionAnswer>;

/** Takes an answer in piece by piece. */
const hearAnswer = async (
  provider: Provider,
  request: CompletionRequest,
  hear: (text: string) => void,
): Promise<CompletionAnswer> => {
  for await (const event of provider.stream(request)) {
    if (event.type === 'end') return event.answer;
    hear(event.text);
  }
  throw new Error('the stream ended without its end event');
};

/**
 * Any call to a provider, with two promises kept whatever the provider does: it ends (shortly after `timeoutMs` at the latest),
 * and a failure is a ProviderError. Anything else thrown is a fault of ours, logged and not retried.
 */
export const guardCall = async <Answer>(
  provider: Pick<Provider, 'name'>,
  timeoutMs: number,
  logger: Logger,
  call: () => Promise<Answer>,
): Promise<Guarded<Answer>> => {
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new ProviderError('timeout', 'The provider kept silent past the deadline.', {
          provider: provider.name,
          retryable: false,
        }),
      );
    }, timeoutMs + graceMs);
  });
  try {
    return { answer: await Promise.race([call(), overdue]), error: null };
  } catch (error) {
    if (error instanceof ProviderError) return { answer: null, error };
    logger.error('provider code failed', { provider: provider.name, error });
    const options = { provider: provider.name, retryable: false, cause: error };
    return {
      answer: null,
      error: new ProviderError('bad_response', 'The answer could not be read.', options),
    };
  } finally {
    clearTimeout(timer);
  }
};

/**
 * One question to a provider, guarded.
 *
 * @param hear told of each piece of text; left out: the answer comes whole
 */
export const callProvider = async (
  provider: Provider,
  request: CompletionRequest,
  logger: Logger,
  hear?: (text: string) => void,
): Promise<CallResult> => {
  let isOver = false;
  // What one that was left behind still says belongs to nobody.
  const hearInTime = (text: string) => {
    if (!isOver) hear?.(text);
  };
  try {
    return await guardCall(provider, request.timeoutMs, logger, () =>
      hear === undefined ? provider.complete(request) : hearAnswer(provider, request, hearInTime),
    );
  } finally {
    isOver = true;
  }
};
