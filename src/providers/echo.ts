import { setTimeout as sleep } from 'node:timers/promises';
import { ProviderError } from '../errors.ts';
import { type CallDeadline, openCallDeadline } from './call-deadline.ts';
import { planEchoFault } from './echo-faults.ts';
import { composeEcho, splitWords } from './echo-text.ts';
import { hashedEmbedding } from './hashed-embedding.ts';
import { mapProviderError, type PartialAnswer } from './map-provider-error.ts';
import type { CompletionAnswer, CompletionRequest, ModelInfo, Provider, StreamEvent } from './provider.ts';
import { createSeededRandom, hash32, type SeededRandom } from './seeded-random.ts';

export type EchoOptions = {
  name: string;
  /** How long an answer takes, in ms; 0 by default. */
  latencyMs?: number | undefined;
  /** Up to this much longer, evenly spread, in ms. */
  latencyJitterMs?: number | undefined;
  /** Length of an answer in words, echo's tokens; by default 20 to 60, from the question's hash. */
  outputTokens?: number | undefined;
  /** Share of calls that fail with a 500, of calls that are rate limited, of calls stopped by a filter: 0 to 1 each. */
  failureRate?: number | undefined;
  rateLimitRate?: number | undefined;
  filterRate?: number | undefined;
};

const models: readonly ModelInfo[] = [
  { id: 'echo', family: 'echo', contextTokens: null },
  { id: 'echo-embedding', family: 'echo-embedding', contextTokens: null },
];
const defaultDimensions = 256;

/** What one call will be, decided before it starts. */
type Plan = { random: SeededRandom; latencyMs: number; requestId: string };

/**
 * The offline provider that ships: the same question with the same parameters always gets the same answer, in no time or
 * as slowly as wished, without a key. Faults are deterministic too: they depend on the question and on how often this
 * instance was asked it, so that a retry may succeed. Any model name is accepted.
 */
export const createEchoProvider = (options: EchoOptions): Provider => {
  const faultOf = planEchoFault(options);

  const plan = (request: CompletionRequest): Plan => {
    const { model, messages, parameters } = request;
    const seed = hash32(JSON.stringify([model, messages, parameters]));
    const random = createSeededRandom(seed);
    const latencyMs = (options.latencyMs ?? 0) + random() * (options.latencyJitterMs ?? 0);
    return { random, latencyMs, requestId: `echo-${seed.toString(16).padStart(8, '0')}` };
  };

  const answerOf = (request: CompletionRequest, { random, requestId }: Plan): CompletionAnswer => {
    const wanted = options.outputTokens ?? 20 + Math.floor(random() * 41);
    const { text, finishReason, outputTokens } = composeEcho(request, wanted, random);
    const usage = {
      inputTokens: request.messages.reduce(
        (sum, { content }) => sum + Math.max(1, splitWords(content).length),
        0,
      ),
      cachedInputTokens: 0,
      outputTokens,
      reasoningTokens: 0,
    };
    return {
      text,
      refusal: null,
      finishReason,
      requestedModel: request.model,
      servedModel: request.model,
      usage,
      providerRequestId: requestId,
      systemFingerprint: 'echo-1',
      rateLimit: null,
      contentFilter: null,
      raw: { id: requestId, object: 'echo.completion', model: request.model, text, finishReason, usage },
    };
  };

  const wait = async (ms: number, deadline: CallDeadline): Promise<void> => {
    if (ms > 0) await sleep(ms, undefined, { signal: deadline.signal });
    deadline.signal.throwIfAborted();
  };

  const translate = (
    error: unknown,
    deadline: CallDeadline,
    timeoutMs: number,
    partial: PartialAnswer | null,
  ) =>
    error instanceof ProviderError || deadline.reason() === null
      ? error
      : mapProviderError(error, {
          provider: options.name,
          secrets: [],
          endedBy: deadline.reason(),
          timeoutMs,
          partial,
          headers: null,
          nowMs: 0,
        });

  const complete = async (request: CompletionRequest): Promise<CompletionAnswer> => {
    const deadline = openCallDeadline(request);
    try {
      const planned = plan(request);
      await wait(planned.latencyMs, deadline);
      const fault = faultOf(planned.requestId);
      if (fault) throw fault;
      return answerOf(request, planned);
    } catch (error) {
      throw translate(error, deadline, request.timeoutMs, null);
    } finally {
      deadline.close();
    }
  };

  async function* stream(request: CompletionRequest): AsyncGenerator<StreamEvent> {
    const deadline = openCallDeadline(request);
    let said = '';
    try {
      const planned = plan(request);
      const fault = faultOf(planned.requestId);
      if (fault) {
        await wait(planned.latencyMs, deadline);
        throw fault;
      }
      const answer = answerOf(request, planned);
      const words = splitWords(answer.text);
      for (const word of words) {
        await wait(planned.latencyMs / words.length, deadline);
        said += word;
        yield { type: 'delta', text: word };
      }
      yield { type: 'end', answer };
    } catch (error) {
      const servedModel = said === '' ? null : request.model;
      throw translate(error, deadline, request.timeoutMs, { text: said, servedModel });
    } finally {
      deadline.close();
    }
  }

  return {
    name: options.name,
    kind: 'echo',
    capabilities: { stream: true, embed: true, listModels: true, logprobs: false, seed: true },
    declaredModels: null,
    complete,
    stream,
    embed: async (request) => {
      const deadline = openCallDeadline(request);
      try {
        await wait(options.latencyMs ?? 0, deadline);
        const dimensions = request.dimensions ?? defaultDimensions;
        return {
          vectors: request.input.map((text) => hashedEmbedding(text, dimensions)),
          servedModel: request.model,
          usage: {
            inputTokens: request.input.reduce((sum, text) => sum + splitWords(text).length, 0) || null,
          },
          providerRequestId: `echo-${hash32(JSON.stringify(request.input)).toString(16).padStart(8, '0')}`,
        };
      } catch (error) {
        throw translate(error, deadline, request.timeoutMs, null);
      } finally {
        deadline.close();
      }
    },
    listModels: async () => [...models],
  };
};
