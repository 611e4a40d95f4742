import type { Usage } from '../contract/inference.ts';
import type { InferenceRepository, NewRun, Price } from '../db/inference-repository.ts';
import { AppError, ProviderError } from '../errors.ts';
import type { CompletionAnswer } from '../providers/provider.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type AttemptResult, settleAnswer, settleError } from './attempt-result.ts';
import { type CallResult, callProvider } from './call-provider.ts';
import { completeUsage } from './complete-usage.ts';
import type { FindPrice } from './find-price.ts';
import type { Persist } from './persist.ts';
import type { PreparedQuestion } from './prepare-question.ts';
import { decideRetry } from './retry.ts';

type Dependencies = {
  repository: Pick<InferenceRepository, 'continueRun'>;
  logger: Logger;
  now: () => number;
  random: () => number;
  sleep: (ms: number) => Promise<void>;
  newId: () => string;
  persist: Persist;
  findPrice: FindPrice;
};

/**
 * Waits until a call may be sent. @returns what is to be called when the call has ended; null: its turn did not come, and
 * nothing may be sent
 */
export type Admit = () => Promise<(() => void) | null>;

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

/**
 * Asks until there is an answer or no further attempt makes sense. Each attempt is in the database before it is sent:
 * a failed one is settled in the transaction that adds the next, after the wait, so that no attempt is announced that
 * may never be made. Meanwhile the failed one still stands as `sending`: a process that dies in that wait leaves it to the
 * sweep. The last one is left to the caller, to be settled with its run.
 */
export const createAskProvider = (dependencies: Dependencies) => {
  const { repository, logger, now, random, sleep, newId, persist, findPrice } = dependencies;

  const priceOf = async (ask: Ask, answer: CompletionAnswer): Promise<Price | null> => {
    const { provider, model } = ask.question;
    const names = [answer.servedModel, ask.run.model, model?.family].filter(
      (name) => typeof name === 'string',
    );
    try {
      return await persist(ask.run.leaseUntil.getTime(), () =>
        findPrice(provider.name, names, ask.run.createdAt),
      );
    } catch (error) {
      if (error instanceof AppError && error.code === 'database_unavailable') throw error;
      // The answer is worth more than its price, which can be computed later.
      logger.error('price look-up failed', { provider: provider.name, model: ask.run.model, error });
      return null;
    }
  };

  const usageOf = async (ask: Ask, answer: CompletionAnswer): Promise<Usage> => {
    try {
      return await completeUsage(ask.question.messages, answer);
    } catch (error) {
      // Nor must a tokenizer that cannot be loaded cost us the answer.
      logger.error('token count failed', { provider: ask.question.provider.name, error });
      return { ...answer.usage, estimated: false };
    }
  };

  return async (ask: Ask): Promise<Asked> => {
    const { run, question, deadlineAt, maxAttempts, admit = sendNow } = ask;
    const { provider, messages, parameters } = question;
    const costs: (string | null)[] = [];
    let waitedMs = 0;
    for (let attemptId = run.attemptId, attemptNumber = 1; ; attemptNumber += 1) {
      const askedAt = now();
      const done = await admit();
      const startedAt = now();
      waitedMs += startedAt - askedAt;
      const timeoutMs = Math.min(ask.timeoutMs, deadlineAt - startedAt);
      const isUnsent = done === null || timeoutMs <= 0;
      let result: CallResult;
      if (done === null) result = notAdmitted(provider.name);
      else if (isUnsent) result = tooLate(provider.name);
      else
        result = await callProvider(provider, { model: run.model, messages, parameters, timeoutMs }, logger);
      done?.();
      const { answer, error } = result;
      const times = { attemptId, startedAt, settledAt: now() };
      if (error === null) {
        const [usage, price] = await Promise.all([usageOf(ask, answer), priceOf(ask, answer)]);
        // A provider's answer is an HTTP 200, but for the one that ships without a wire.
        const httpStatus = provider.kind === 'echo' ? null : 200;
        const last = settleAnswer(times, answer, { usage, price, httpStatus });
        return { last, costs: [...costs, last.settlement.costUsd], waitedMs };
      }
      const failed = isUnsent ? settleError(times, error, '0') : settleError(times, error);
      costs.push(failed.settlement.costUsd);
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
      await sleep(decision.waitMs);
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
