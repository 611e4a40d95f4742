import type { InferenceRepository, NewRun } from '../../db/runs/inference-repository.ts';
import { ProviderError } from '../../errors.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Sleep } from '../sleep.ts';
import { type AnswerListener, openEar } from './answer-listener.ts';
import { type AttemptResult, settleAnswer, settleError } from './attempt-result.ts';
import { type CallResult, callProvider } from './call-provider.ts';
import type { FindPrice } from './find-price.ts';
import type { Persist } from './persist.ts';
import type { PreparedQuestion } from './prepare-question.ts';
import { decideRetry } from './retry.ts';
import { stopped, untilStopped } from './until-stopped.ts';
import { brokenOff, createValueAnswer } from './value-answer.ts';

type Dependencies = {
  repository: Pick<InferenceRepository, 'continueRun'>;
  logger: Logger;
  now: () => number;
  random: () => number;
  sleep: Sleep;
  newId: () => string;
  persist: Persist;
  findPrice: FindPrice;
};

/**
 * Waits until a call may be sent; may reject when it is told by the signal that nobody needs its turn any more. @returns what is to be called when the call has ended; null: its turn did not come, and
 * nothing may be sent
 */
export type Admit = (signal?: AbortSignal) => Promise<(() => void) | null>;

export type Ask = {
  /** Already committed, with its first attempt. */
  run: NewRun;
  question: PreparedQuestion;
  /** Epoch ms. */
  deadlineAt: number;
  /** How long one call may take. */
  timeoutMs: number;
  maxAttempts: number;
  /** Asked before each attempt; left out: every one may be sent at once. */
  admit?: Admit | undefined;
  /** Left out: the answer comes whole, and nothing stops it. */
  listener?: AnswerListener | undefined;
};

export type Asked = {
  last: AttemptResult;
  /** One an attempt, in order. */
  costs: (string | null)[];
  /** How long it waited for its turn, in ms: no part of what the provider took. */
  waitedMs: number;
};

const sendNow: Admit = async () => () => undefined;

/** The database took so long that the deadline is over: what could not be answered in time must not be paid for. */
const tooLate = (provider: string): CallResult => ({
  answer: null,
  error: new ProviderError('timeout', 'The deadline passed before the question could be sent.', {
    provider,
    retryable: false,
  }),
});

const notAdmitted = (provider: string): CallResult => ({
  answer: null,
  error: new ProviderError('overloaded', 'Its turn did not come in time; it was not sent.', {
    provider,
    retryable: true,
  }),
});

const stoppedUnsent = (provider: string): CallResult => ({
  answer: null,
  error: new ProviderError('cancelled', 'Stopped on request before the question was sent.', {
    provider,
    retryable: false,
  }),
});

/** The attempt failed by itself; that no other follows is the request's doing. */
const stoppedBetween = (failed: AttemptResult): AttemptResult => ({
  ...failed,
  run: { ...failed.run, outcome: 'cancelled', detail: 'cancelled' },
});

/**
 * Asks until there is an answer or no further attempt makes sense. Each attempt is in the database before it is sent:
 * a failed one is settled in the transaction that adds the next, after the wait, so that no attempt is announced that
 * may never be made. Meanwhile the failed one still stands as `sending`: a process that dies in that wait leaves it to the
 * sweep. The last one is left to the caller, to be settled with its run. An answer of which a listener has heard a word is the
 * last: asking again would tell it two.
 */
export const createAskProvider = (dependencies: Dependencies) => {
  const { repository, logger, now, random, sleep, newId, persist, findPrice } = dependencies;

  const valueAnswer = createValueAnswer({ logger, persist, findPrice });

  return async (ask: Ask): Promise<Asked> => {
    const { run, question, deadlineAt, maxAttempts, admit = sendNow, listener } = ask;
    const { provider, messages, parameters } = question;
    const signal = listener?.signal;
    const costs: (string | null)[] = [];
    let waitedMs = 0;
    for (let attemptId = run.attemptId, attemptNumber = 1; ; attemptNumber += 1) {
      const askedAt = now();
      const done = await untilStopped(admit(signal), signal, (late) => late?.());
      const startedAt = now();
      waitedMs += startedAt - askedAt;
      const timeoutMs = Math.min(ask.timeoutMs, deadlineAt - startedAt);
      const isUnsent = done === stopped || done === null || timeoutMs <= 0;
      const ear = listener && openEar(listener, provider.capabilities.stream, now);
      let result: CallResult;
      if (done === stopped) result = stoppedUnsent(provider.name);
      else if (done === null) result = notAdmitted(provider.name);
      else if (isUnsent) result = tooLate(provider.name);
      else {
        const request = { model: run.model, messages, parameters, timeoutMs, signal };
        result = await callProvider(provider, request, logger, ear?.hear);
        ear?.end();
      }
      if (done !== stopped) done?.();
      const { answer, error } = result;
      const times = { attemptId, startedAt, settledAt: now(), firstTokenAt: ear?.firstTokenAt() ?? null };
      if (error === null) {
        const value = await valueAnswer(ask, answer);
        // A provider's answer is an HTTP 200, but for the one that ships without a wire.
        const httpStatus = provider.kind === 'echo' ? null : 200;
        const last = settleAnswer(times, answer, { ...value, httpStatus });
        return { last, costs: [...costs, last.settlement.costUsd], waitedMs };
      }
      const heard = ear?.text() ?? '';
      const value = heard === '' ? null : await valueAnswer(ask, brokenOff(heard, error.servedModel));
      const partial = value && { text: heard, ...value };
      const failed = settleError(times, error, { partial, unsent: isUnsent });
      costs.push(failed.settlement.costUsd);
      if (partial !== null) return { last: failed, costs, waitedMs };
      const decision = decideRetry({
        error,
        attemptNumber,
        maxAttempts,
        remainingMs: deadlineAt - now(),
        random,
      });
      if (!decision.retry) return { last: failed, costs, waitedMs };
      logger.debug('attempt failed, trying again', {
        inferenceId: run.id,
        attemptNumber,
        kind: error.kind,
        waitMs: decision.waitMs,
      });
      if ((await untilStopped(sleep(decision.waitMs, signal), signal)) === stopped)
        return { last: stoppedBetween(failed), costs, waitedMs };
      const next = {
        id: newId(),
        runId: run.id,
        attemptNumber: attemptNumber + 1,
        startedAt: new Date(now()),
      };
      await persist(run.leaseUntil.getTime(), () => repository.continueRun(failed.settlement, next));
      attemptId = next.id;
    }
  };
};
