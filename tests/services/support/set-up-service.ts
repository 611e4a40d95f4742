import type { CreateInference } from '../../../src/contract/inference.ts';
import { AppError, ProviderError, type ProviderErrorKind } from '../../../src/errors.ts';
import { createAskAndRecord } from '../../../src/services/calls/ask-and-record.ts';
import { createInferenceService } from '../../../src/services/inferences/create-inference-service.ts';
import { createMemoryLogger } from './memory-logger.ts';
import { createMemoryRepository } from './memory-repository.ts';
import { createScriptedProvider } from './scripted-provider.ts';
import { unlimitedPace } from './unlimited-pace.ts';

const limits = {
  maxInputTokens: 1000,
  defaultMaxOutputTokens: 100,
  maxOutputTokens: 500,
  defaultDeadlineMs: 120_000,
  defaultMaxAttempts: 3,
};
export const startedAt = Date.UTC(2026, 0, 2, 3, 4, 5);
export const caller = { requestId: 'request-1', apiKeyId: 'key-1' };
export const question: CreateInference = {
  provider: 'scripted',
  model: 'model-a',
  prompt: 'Capital of France?',
};
export const price = {
  id: '00000000-0000-7000-8000-00000000000a',
  inputPerMillion: '2.50',
  cachedInputPerMillion: '1.25',
  outputPerMillion: '10',
  reasoningPerMillion: null,
};

export const failure = (
  kind: ProviderErrorKind,
  options: { retryable?: boolean; retryAfterMs?: number; providerCode?: string; partialText?: string } = {},
) => new ProviderError(kind, `it was ${kind}`, { provider: 'scripted', retryable: true, ...options });

export const refusalOf = async (work: Promise<unknown>): Promise<AppError> => {
  const error = await work.then(
    () => new Error('not refused'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof AppError) return error;
  throw error;
};

/** A service on a clock of its own: sleeping is what lets time pass, and a call takes 40 ms. */
export const setUpService = (declaredModels: Parameters<typeof createScriptedProvider>[0] = {}) => {
  const memory = createMemoryRepository();
  const scripted = createScriptedProvider(declaredModels);
  const logger = createMemoryLogger();
  const clock = { now: startedAt };
  const waits: number[] = [];
  const complete = scripted.provider.complete;
  const provider = {
    ...scripted.provider,
    complete: async (request: Parameters<typeof complete>[0]) => {
      memory.calls.push('complete');
      clock.now += 40;
      return complete(request);
    },
  };
  let ids = 0;
  const now = () => clock.now;
  const service = createInferenceService({
    repository: memory.repository,
    providers: new Map([['scripted', provider]]),
    askAndRecord: createAskAndRecord({
      repository: memory.repository,
      logger,
      leaseGraceMs: 30_000,
      now,
      random: () => 0.5,
      sleep: async (ms) => {
        waits.push(ms);
        clock.now += ms;
      },
      newId: () => `id-${++ids}`,
    }),
    pace: unlimitedPace,
    logger,
    limits,
    now,
  });
  const onlyRun = () => {
    const [run, ...others] = [...memory.runs.values()];
    if (run === undefined || others.length > 0) throw new Error('expected one run');
    return run;
  };
  return { ...memory, ...scripted, logger, clock, waits, service, onlyRun };
};
