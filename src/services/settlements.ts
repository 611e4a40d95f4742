import type { Inference, InferenceFailure, Outcome, Usage } from '../contract/inference.ts';
import type { AttemptSettlement, NewRun, Price, RunSettlement } from '../db/inference-repository.ts';
import type { ProviderError } from '../errors.ts';
import type { CompletionAnswer } from '../providers/provider.ts';
import { classifyAnswer, classifyError, costOfError } from './classify-outcome.ts';
import { cleanText, cleanTextOrNull } from './clean-text.ts';
import { costOfUsage, sumCosts } from './cost.ts';
import type { OutcomeDetail } from './outcome-details.ts';

/** An error message is for people; a page of HTML from a proxy is none. */
const longestMessage = 2000;

export type AttemptTimes = { attemptId: string; startedAt: number; settledAt: number };

/** What one attempt brought: its row, and what the run takes from it when it is the last. */
export type AttemptResult = {
  settlement: AttemptSettlement;
  run: Pick<RunSettlement, 'text' | 'finishReason' | 'priceId' | 'contentFilter' | 'systemFingerprint'> & {
    outcome: Outcome;
    detail: OutcomeDetail | null;
  };
};

export const settleAnswer = (
  times: AttemptTimes,
  answer: CompletionAnswer,
  facts: { usage: Usage; price: Price | null; httpStatus: number | null },
): AttemptResult => {
  const { outcome, detail } = classifyAnswer(answer);
  const costUsd = costOfUsage(facts.usage, facts.price);
  return {
    settlement: {
      attemptId: times.attemptId,
      outcome,
      settledAt: new Date(times.settledAt),
      latencyMs: latencyOf(times),
      httpStatus: facts.httpStatus,
      error: null,
      retryAfterMs: null,
      providerRequestId: cleanTextOrNull(answer.providerRequestId),
      servedModel: cleanTextOrNull(answer.servedModel),
      usage: facts.usage,
      costUsd,
      rateLimit: answer.rateLimit,
      raw: answer.raw,
    },
    run: {
      outcome,
      detail,
      // A refusal comes in a field of its own, and then it is what the model said.
      text: cleanText(answer.text === '' ? (answer.refusal ?? '') : answer.text),
      finishReason: answer.finishReason,
      priceId: costUsd === null ? null : (facts.price?.id ?? null),
      contentFilter: answer.contentFilter,
      systemFingerprint: cleanTextOrNull(answer.systemFingerprint),
    },
  };
};

export const settleError = (times: AttemptTimes, error: ProviderError): AttemptResult => {
  const { outcome, detail } = classifyError(error);
  return {
    settlement: {
      attemptId: times.attemptId,
      outcome,
      settledAt: new Date(times.settledAt),
      latencyMs: latencyOf(times),
      httpStatus: error.httpStatus,
      error: failureOf(error),
      retryAfterMs: error.retryAfterMs,
      providerRequestId: cleanTextOrNull(error.providerRequestId),
      servedModel: null,
      usage: null,
      costUsd: costOfError(error),
      rateLimit: error.rateLimit,
      raw: error.raw,
    },
    run: {
      outcome,
      detail,
      text: cleanTextOrNull(error.partialText),
      finishReason: null,
      priceId: null,
      contentFilter: recordsOf(error.contentFilter),
      systemFingerprint: null,
    },
  };
};

/** The run takes its answer from the last attempt; only cost and time are those of all attempts together. */
export const settleRunWith = (
  run: Pick<NewRun, 'id' | 'createdAt'>,
  last: AttemptResult,
  costs: readonly (string | null)[],
): RunSettlement => ({
  runId: run.id,
  ...last.run,
  servedModel: last.settlement.servedModel,
  usage: last.settlement.usage,
  costUsd: sumCosts(costs),
  latencyMs: Math.max(0, last.settlement.settledAt.getTime() - run.createdAt.getTime()),
  attemptCount: costs.length,
  error: last.settlement.error,
  providerRequestId: last.settlement.providerRequestId,
  settledAt: last.settlement.settledAt,
  lastAttempt: last.settlement,
});

/** The inference as the database would give it back, without asking it. */
export const toInference = (run: NewRun, settled: RunSettlement): Inference => ({
  id: run.id,
  status: 'settled',
  outcome: settled.outcome,
  detail: settled.detail,
  provider: run.provider,
  model: run.model,
  servedModel: settled.servedModel,
  messages: [...run.messages],
  originalMessages: run.originalMessages === null ? null : [...run.originalMessages],
  text: settled.text,
  finishReason: settled.finishReason,
  parameters: run.parameters,
  preprocessing: run.preprocessing,
  metadata: run.metadata,
  usage: settled.usage,
  costUsd: settled.costUsd,
  priceId: settled.priceId,
  latencyMs: settled.latencyMs,
  attemptCount: settled.attemptCount,
  error: settled.error,
  contentFilter: settled.contentFilter,
  providerRequestId: settled.providerRequestId,
  systemFingerprint: settled.systemFingerprint,
  requestId: run.requestId,
  batchId: run.batchId,
  createdAt: run.createdAt.toISOString(),
  settledAt: settled.settledAt.toISOString(),
});

const latencyOf = ({ startedAt, settledAt }: AttemptTimes): number => Math.max(0, settledAt - startedAt);

const failureOf = (error: ProviderError): InferenceFailure => ({
  code: error.kind,
  message: cleanText(error.message.slice(0, longestMessage)),
  retryable: error.retryable,
});

const recordsOf = (value: unknown): Record<string, unknown>[] | null => {
  const isRecord = (item: unknown): item is Record<string, unknown> =>
    typeof item === 'object' && item !== null;
  return Array.isArray(value) && value.length > 0 && value.every(isRecord) ? value : null;
};
