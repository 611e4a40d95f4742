import type { CreateInference, Inference } from '../../contract/inference.ts';
import type { InferenceRepository } from '../../db/runs/inference-repository.ts';
import { AppError } from '../../errors.ts';
import type { Provider } from '../../providers/provider.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { AskAndRecord, RecordedRun } from '../calls/ask-and-record.ts';
import { prepareQuestion } from '../calls/prepare-question.ts';
import type { ProviderPace } from '../calls/provider-pace.ts';
import { claimIdempotencyKey, replay, requestFingerprint } from '../claim-idempotency-key.ts';
import type { TokenLimits } from '../prompts/token-limits.ts';
import { createCancelWatch } from './cancel-watch.ts';
import type {
  InferenceCaller,
  InferenceListener,
  InferenceRun,
  InferenceService,
} from './inference-service.ts';
import { createSingleFlight } from './single-flight.ts';
import { longestStreamMs, openStreamedRun, type StreamedRun } from './streamed-run.ts';
import { toInference } from './to-inference.ts';

export type InferenceLimits = TokenLimits & { defaultDeadlineMs: number; defaultMaxAttempts: number };

export type InferenceServiceDependencies = {
  repository: InferenceRepository;
  providers: ReadonlyMap<string, Provider>;
  askAndRecord: AskAndRecord;
  pace: ProviderPace;
  logger: Logger;
  /** Left out: nothing is traced. */
  telemetry?: Pick<Telemetry, 'traceUrl' | 'flushSoon'> | undefined;
  limits: InferenceLimits;
  /** Told of each that was asked and recorded. */
  onRecorded?: (() => void) | undefined;
  /** Epoch ms. */
  now?: (() => number) | undefined;
};

/** How many lost runs one statement of the sweep settles. */
const sweepSize = 500;

/**
 * The flow of one inference: prepare (may refuse) → take its turn where the provider has limits (may refuse) → ask and record.
 * What happens after the first commit is a recorded outcome, never a refusal.
 */
export const createInferenceService = (dependencies: InferenceServiceDependencies): InferenceService => {
  const { repository, providers, askAndRecord, pace, logger, telemetry, limits } = dependencies;
  const { now = Date.now } = dependencies;
  const cancelWatch = createCancelWatch({ repository, logger });
  const singleFlight = createSingleFlight<InferenceRun>();
  /** Where its trace is shown depends on the configuration of the day, so it isn't stored. */
  const withTraceUrl = <Traced extends Inference>(inference: Traced): Traced => {
    const traceUrl = telemetry?.traceUrl(inference.traceId) ?? null;
    return traceUrl === null ? inference : { ...inference, traceUrl };
  };

  const execute = async (
    request: CreateInference,
    caller: InferenceCaller,
    streamed?: StreamedRun,
  ): Promise<InferenceRun> => {
    const startedAt = now();
    const wishedMs = request.deadlineMs ?? limits.defaultDeadlineMs;
    const deadlineMs = streamed ? Math.min(wishedMs, longestStreamMs) : wishedMs;
    const claim = claimIdempotencyKey(request, caller, startedAt);
    const question = await prepareQuestion(request, providers, limits);
    const admit = await pace.takeTurn(question, startedAt + deadlineMs);
    let earlier = null as { fingerprint: string; inferenceId: string } | null;
    const recorded = await askAndRecord(
      {
        model: request.model,
        question,
        preprocessing: request.preprocessing ?? null,
        metadata: request.metadata ?? {},
        requestId: caller.requestId,
        apiKeyId: caller.apiKeyId,
        batchId: null,
        startedAt,
        deadlineMs,
        maxAttempts: request.maxAttempts ?? limits.defaultMaxAttempts,
        admit,
        listener: streamed?.answer,
      },
      {
        begin: async (run) => {
          if (claim === null) await repository.insertRun(run);
          else {
            const result = await repository.insertRunOnce(run, claim);
            if (!result.claimed) {
              earlier = result;
              return false;
            }
          }
          streamed?.begun(run);
          return true;
        },
        settle: (settlement) => repository.settleRun(settlement),
      },
    );
    if (recorded === null) {
      if (claim === null || earlier === null)
        throw new Error('only a claimed key keeps a run from beginning');
      const run = await replay(repository, claim, earlier);
      return { ...run, inference: withTraceUrl(run.inference) };
    }
    logFailure(logger, recorded);
    dependencies.onRecorded?.();
    const inference = withTraceUrl(toInference(recorded.run, recorded.settlement));
    return { inference: streamed?.complete(inference) ?? inference, replayed: false, shared: false };
  };

  const stream = async (
    request: CreateInference,
    caller: InferenceCaller,
    listener: InferenceListener,
  ): Promise<InferenceRun> => {
    const streamed = openStreamedRun(listener, cancelWatch);
    try {
      return await execute(request, caller, streamed);
    } finally {
      streamed.close();
      // Its request was answered when it began, and what was traced by then is sent already.
      telemetry?.flushSoon();
    }
  };

  const find = async (id: string) => {
    const detail = await repository.findInference(id);
    if (detail === null) throw new AppError('not_found', `There is no inference ${id}.`);
    return withTraceUrl(detail);
  };

  return {
    run: async (request, caller, listener) => {
      if (listener !== undefined) return stream(request, caller, listener);
      // A key of its own asks for a record of its own.
      if (request.shareIdentical !== true || caller.idempotencyKey !== undefined)
        return execute(request, caller);
      // Never across callers, and never across labels or deadlines: the answer's record must be true for each.
      const key = `${caller.callerId ?? caller.apiKeyId ?? ''}\n${requestFingerprint(request)}`;
      const { result, shared } = await singleFlight.run(key, () => execute(request, caller));
      return shared ? { ...result, shared } : result;
    },

    cancel: async (id) => {
      const accepted = await repository.requestCancel(id, new Date(now()));
      const { attempts: _attempts, rawAnswer: _rawAnswer, ...inference } = await find(id);
      if (!accepted && inference.status === 'sending') {
        const owner = inference.batchId === null ? 'Only a streamed inference' : 'No question of a batch';
        throw new AppError('conflict', `${owner} can be stopped while it is under way.`);
      }
      return { inference, accepted };
    },

    get: find,

    list: async (filter, page) => {
      const { data, nextCursor } = await repository.listInferences(filter, page);
      return { data: data.map(withTraceUrl), nextCursor };
    },

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

const logFailure = (logger: Logger, { run, settlement }: RecordedRun): void => {
  if (settlement.error === null) return;
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
};
