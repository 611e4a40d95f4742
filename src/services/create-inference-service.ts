import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { CreateInference } from '../contract/inference.ts';
import type { InferenceRepository, NewRun } from '../db/inference-repository.ts';
import { AppError } from '../errors.ts';
import type { Provider } from '../providers/provider.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createAskProvider } from './ask-provider.ts';
import { claimIdempotencyKey, replay, requestFingerprint } from './claim-idempotency-key.ts';
import { createFindPrice } from './find-price.ts';
import type { InferenceCaller, InferenceRun, InferenceService } from './inference-service.ts';
import { createPersist } from './persist.ts';
import { type PreparedQuestion, prepareQuestion } from './prepare-question.ts';
import { requestHash } from './request-hash.ts';
import { createSingleFlight } from './single-flight.ts';
import { toInference } from './to-inference.ts';
import { toRunSettlement } from './to-run-settlement.ts';
import type { TokenLimits } from './token-limits.ts';

export type InferenceLimits = TokenLimits & { defaultDeadlineMs: number; defaultMaxAttempts: number };

export type InferenceServiceDependencies = {
  repository: InferenceRepository;
  providers: ReadonlyMap<string, Provider>;
  logger: Logger;
  limits: InferenceLimits;
  /** Epoch ms. */
  now?: () => number;
  /** Uniform in [0, 1). */
  random?: () => number;
  sleep?: (ms: number) => Promise<void>;
  newId?: () => string;
};

/** How long past the caller's deadline a run may still be settled before the sweep declares it lost, in ms. */
const leaseAfterDeadlineMs = 30_000;
/** How many lost runs one statement of the sweep settles. */
const sweepSize = 500;

/**
 * The flow of one inference: prepare (may refuse) → commit the run as `sending` → ask the provider, every attempt
 * recorded → settle the run. What happens after the first commit is a recorded outcome, never a refusal.
 */
export const createInferenceService = (dependencies: InferenceServiceDependencies): InferenceService => {
  const { repository, providers, logger, limits } = dependencies;
  const { now = Date.now, random = Math.random, newId = randomUUIDv7 } = dependencies;
  const sleep = dependencies.sleep ?? ((ms: number) => delay(ms));
  const persist = createPersist({ now, sleep, logger });
  const findPrice = createFindPrice(repository);
  const askProvider = createAskProvider({
    repository,
    logger,
    now,
    random,
    sleep,
    newId,
    persist,
    findPrice,
  });
  const singleFlight = createSingleFlight<InferenceRun>();

  const newRun = (
    request: CreateInference,
    question: PreparedQuestion,
    caller: InferenceCaller,
    startedAt: number,
    deadlineAt: number,
  ): NewRun => ({
    id: newId(),
    provider: request.provider,
    model: request.model,
    messages: question.messages,
    originalMessages: question.originalMessages,
    parameters: question.parameters,
    preprocessing: request.preprocessing ?? null,
    metadata: request.metadata ?? {},
    requestHash: requestHash({ ...question, provider: request.provider, model: request.model }),
    requestId: caller.requestId,
    apiKeyId: caller.apiKeyId,
    batchId: null,
    createdAt: new Date(startedAt),
    leaseUntil: new Date(deadlineAt + leaseAfterDeadlineMs),
    attemptId: newId(),
  });

  const execute = async (request: CreateInference, caller: InferenceCaller): Promise<InferenceRun> => {
    const startedAt = now();
    const deadlineAt = startedAt + (request.deadlineMs ?? limits.defaultDeadlineMs);
    const claim = claimIdempotencyKey(request, caller, startedAt);
    const question = await prepareQuestion(request, providers, limits);
    const run = newRun(request, question, caller, startedAt, deadlineAt);
    if (claim === null) {
      await repository.insertRun(run);
    } else {
      const earlier = await repository.insertRunOnce(run, claim);
      if (!earlier.claimed) return replay(repository, claim, earlier);
    }
    const maxAttempts = request.maxAttempts ?? limits.defaultMaxAttempts;
    const { last, costs } = await askProvider({ run, question, deadlineAt, maxAttempts });
    const settlement = toRunSettlement(run, last, costs);
    await persist(run.leaseUntil.getTime(), () => repository.settleRun(settlement));
    if (settlement.error !== null) {
      const { outcome, detail, attemptCount, latencyMs } = settlement;
      const { id: inferenceId, provider, model, requestId } = run;
      logger.warn('inference failed', {
        inferenceId,
        requestId,
        provider,
        model,
        outcome,
        detail,
        attemptCount,
        latencyMs,
      });
    }
    return { inference: toInference(run, settlement), replayed: false, shared: false };
  };

  return {
    run: async (request, caller) => {
      // A key of its own asks for a record of its own.
      if (request.shareIdentical !== true || caller.idempotencyKey !== undefined)
        return execute(request, caller);
      // Never across callers, and never across labels or deadlines: the answer's record must be true for each.
      const key = `${caller.apiKeyId ?? ''}\n${requestFingerprint(request)}`;
      const { result, shared } = await singleFlight.run(key, () => execute(request, caller));
      return shared ? { ...result, shared } : result;
    },

    get: async (id) => {
      const detail = await repository.findInference(id);
      if (detail === null) throw new AppError('not_found', `There is no inference ${id}.`);
      return detail;
    },

    list: (filter, page) => repository.listInferences(filter, page),

    sweep: async () => {
      let total = 0;
      for (;;) {
        const swept = await repository.sweepExpiredRuns(new Date(now()), sweepSize);
        total += swept;
        if (swept < sweepSize) break;
      }
      if (total > 0)
        logger.warn('runs declared lost: their process ended before the answer was recorded', {
          count: total,
        });
      return total;
    },
  };
};
