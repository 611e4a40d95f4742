import type { InferenceFailure, Outcome, Usage } from '../../contract/inference.ts';
import type { AttemptSettlement, Price, RunSettlement } from '../../db/runs/inference-repository.ts';
import type { ProviderError } from '../../errors.ts';
import type { CompletionAnswer } from '../../providers/provider.ts';
import { classifyAnswer } from './classify-answer.ts';
import { classifyError, costOfError } from './classify-error.ts';
import { cleanText, cleanTextOrNull } from './clean-text.ts';
import { costOfUsage } from './cost.ts';
import type { OutcomeDetail } from './outcome-details.ts';

/** An error message is for people; a page of HTML from a proxy is none. */
const longestMessage = 2000;

export type AttemptTimes = {
  attemptId: string;
  startedAt: number;
  settledAt: number;
  /** null: the answer was not streamed, or nothing arrived. */
  firstTokenAt: number | null;
};

/** What had arrived of an answer before it broke off, and what that is worth. */
export type PartialAnswer = { text: string; usage: Usage; price: Price | null };

/** What one attempt brought: its row, and what the run takes from it when it is the last. */
export type AttemptResult = {
  settlement: AttemptSettlement;
  run: Pick<
    RunSettlement,
    'text' | 'finishReason' | 'priceId' | 'contentFilter' | 'systemFingerprint' | 'omittedParameters'
  > & {
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
      firstTokenMs: firstTokenOf(times),
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
      omittedParameters: answer.omittedParameters ?? null,
    },
  };
};

export const settleError = (
  times: AttemptTimes,
  error: ProviderError,
  { partial = null, unsent = false }: { partial?: PartialAnswer | null; unsent?: boolean } = {},
): AttemptResult => {
  const { outcome, detail } = classifyError(error);
  const partialCostUsd = partial && costOfUsage(partial.usage, partial.price);
  const costUsd = unsent ? '0' : partial ? partialCostUsd : costOfError(error);
  return {
    settlement: {
      attemptId: times.attemptId,
      outcome,
      settledAt: new Date(times.settledAt),
      latencyMs: latencyOf(times),
      firstTokenMs: firstTokenOf(times),
      httpStatus: error.httpStatus,
      error: failureOf(error),
      retryAfterMs: error.retryAfterMs,
      providerRequestId: cleanTextOrNull(error.providerRequestId),
      servedModel: cleanTextOrNull(error.servedModel),
      usage: partial?.usage ?? null,
      costUsd,
      rateLimit: error.rateLimit,
      raw: error.raw,
    },
    run: {
      outcome,
      detail,
      text: cleanTextOrNull(partial?.text ?? error.partialText),
      finishReason: null,
      priceId: partialCostUsd === null ? null : (partial?.price?.id ?? null),
      contentFilter: recordsOf(error.contentFilter),
      systemFingerprint: null,
      omittedParameters: null,
    },
  };
};

const latencyOf = ({ startedAt, settledAt }: AttemptTimes): number => Math.max(0, settledAt - startedAt);

const firstTokenOf = ({ startedAt, firstTokenAt }: AttemptTimes): number | null =>
  firstTokenAt === null ? null : Math.max(0, firstTokenAt - startedAt);

/** An error as it is recorded. */
export const failureOf = (error: ProviderError): InferenceFailure => ({
  code: error.kind,
  message: cleanText(error.message.slice(0, longestMessage)),
  retryable: error.retryable,
});

const recordsOf = (value: unknown): Record<string, unknown>[] | null => {
  const isRecord = (item: unknown): item is Record<string, unknown> =>
    typeof item === 'object' && item !== null;
  return Array.isArray(value) && value.length > 0 && value.every(isRecord) ? value : null;
};
