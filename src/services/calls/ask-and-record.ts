import { randomUUIDv7 } from 'node:crypto';
import type { Metadata, Preprocessing } from '../../contract/inference.ts';
import type { InferenceRepository, NewRun, RunSettlement } from '../../db/runs/inference-repository.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { type Sleep, sleepFor } from '../sleep.ts';
import type { AnswerListener } from './answer-listener.ts';
import { type Admit, createAskProvider } from './ask-provider.ts';
import { createFindPrice } from './find-price.ts';
import { createPersist } from './persist.ts';
import type { PreparedQuestion } from './prepare-question.ts';
import { createReportRun } from './report-run.ts';
import { requestHash } from './request-hash.ts';
import { toRunSettlement } from './to-run-settlement.ts';

export type AskAndRecordDependencies = {
  repository: Pick<InferenceRepository, 'continueRun' | 'findPrice'>;
  logger: Logger;
  /** Left out: nothing is traced or measured. */
  telemetry?: Telemetry | undefined;
  /** How long past its deadline a run may still be settled before the sweep declares it lost, in ms. */
  leaseGraceMs: number;
  /** Epoch ms. */
  now?: (() => number) | undefined;
  /** Uniform in [0, 1). */
  random?: (() => number) | undefined;
  sleep?: Sleep | undefined;
  newId?: (() => string) | undefined;
};

export type RunRequest = {
  /** Left out: a new one. */
  runId?: string | undefined;
  model: string;
  question: PreparedQuestion;
  preprocessing: Preprocessing | null;
  metadata: Metadata;
  requestId: string | null;
  apiKeyId: string | null;
  batchId: string | null;
  /** Epoch ms: when the caller began to wait. */
  startedAt: number;
  /** For all attempts together, and for each. */
  deadlineMs: number;
  /** What the wait for its turn may add to the deadline. */
  admitWithinMs?: number | undefined;
  maxAttempts: number;
  admit?: Admit | undefined;
  /** Left out: the answer comes whole, and nothing stops it. */
  listener?: AnswerListener | undefined;
};

/** Where one run is written. */
export type RunRecorder = {
  /** Commits it as `sending`. @returns false: it must not be sent */
  begin(run: NewRun): Promise<boolean>;
  /** Commits what came of it. May be called again after database_unavailable. */
  settle(settlement: RunSettlement): Promise<void>;
};

export type RecordedRun = { run: NewRun; settlement: RunSettlement };
/** @returns null when the recorder did not let it begin */
export type AskAndRecord = (request: RunRequest, recorder: RunRecorder) => Promise<RecordedRun | null>;

/**
 * The flow of every question, single or of a batch: commit the run as `sending` → ask the provider, every attempt recorded →
 * settle the run. What happens after the first commit is a recorded outcome, never a refusal.
 */
export const createAskAndRecord = (dependencies: AskAndRecordDependencies): AskAndRecord => {
  const { repository, logger, telemetry, leaseGraceMs } = dependencies;
  const { now = Date.now, random = Math.random, newId = randomUUIDv7 } = dependencies;
  const { sleep = sleepFor } = dependencies;
  const persist = createPersist({ now, sleep, logger });
  const findPrice = createFindPrice(repository);
  const reportRun = telemetry && createReportRun(telemetry);
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

  return async (request, recorder) => {
    const { question, model, startedAt, deadlineMs, maxAttempts, admit, listener } = request;
    const deadlineAt = startedAt + deadlineMs + (request.admitWithinMs ?? 0);
    // The questions of a batch have nothing in common but their batch: a trace each.
    const trace = telemetry?.openTrace(request.batchId !== null) ?? null;
    const run: NewRun = {
      id: request.runId ?? newId(),
      provider: question.provider.name,
      model,
      messages: question.messages,
      originalMessages: question.originalMessages,
      parameters: question.parameters,
      preprocessing: request.preprocessing,
      metadata: request.metadata,
      requestHash: requestHash({ ...question, provider: question.provider.name, model }),
      requestId: request.requestId,
      apiKeyId: request.apiKeyId,
      batchId: request.batchId,
      traceId: trace?.traceId ?? null,
      streamed: listener !== undefined,
      createdAt: new Date(startedAt),
      leaseUntil: new Date(deadlineAt + leaseGraceMs),
      attemptId: newId(),
    };
    if (!(await recorder.begin(run))) return null;
    const asking = { run, question, deadlineAt, timeoutMs: deadlineMs, maxAttempts, admit, listener };
    const asked = await askProvider(asking);
    const settlement = toRunSettlement(run, asked);
    await persist(run.leaseUntil.getTime(), () => recorder.settle(settlement));
    reportRun?.(trace, run, settlement);
    return { run, settlement };
  };
};
