import { LangfuseOtelSpanAttributes } from '@langfuse/core';
import { createObservationAttributes } from '@langfuse/tracing';
import type { Attributes } from '@opentelemetry/api';
import type { GenerationFacts } from './telemetry.ts';
import type { TraceContent } from './trace-content.ts';

/** Langfuse adds its kinds of tokens up, so each is given without the part that is told by itself. Unknown ones are left out. */
const usageOf = (usage: GenerationFacts['usage']): Record<string, number> => {
  if (usage === null) return {};
  const { inputTokens, cachedInputTokens, outputTokens, reasoningTokens } = usage;
  const kinds = {
    input: inputTokens && inputTokens - (cachedInputTokens ?? 0),
    input_cached_tokens: cachedInputTokens,
    output: outputTokens && outputTokens - (reasoningTokens ?? 0),
    output_reasoning_tokens: reasoningTokens,
  };
  return Object.fromEntries(
    Object.entries(kinds).filter((kind): kind is [string, number] => kind[1] !== null),
  );
};

/** Words of the caller's own, such as those that end an answer, are content. */
const parametersOf = (
  parameters: GenerationFacts['parameters'],
  content: TraceContent,
): Record<string, string | number> =>
  Object.fromEntries(
    Object.entries(parameters).flatMap(([name, value]): [string, string | number][] => {
      if (typeof value === 'number' || typeof value === 'string') return [[name, value]];
      const text = JSON.stringify(value);
      const shown = Array.isArray(value) ? content.text(text) : text;
      return shown === undefined ? [] : [[name, shown]];
    }),
  );

const levels: Readonly<Record<string, 'DEFAULT' | 'WARNING'>> = {
  ok: 'DEFAULT',
  truncated: 'WARNING',
  refused: 'WARNING',
  content_filtered: 'WARNING',
};

/** Words for the outcome; what the provider said about it may quote the question, so it counts as content. */
const statusOf = ({ outcome, detail, errorMessage }: GenerationFacts, content: TraceContent): string =>
  [outcome, detail, content.text(errorMessage)].filter((part) => typeof part === 'string').join(': ');

/** A settled question as a generation of Langfuse. `session.id` and `user.id` are Langfuse's names too. */
export const langfuseAttributes = (facts: GenerationFacts, content: TraceContent): Attributes => ({
  ...createObservationAttributes('generation', {
    input: content.messages(facts.messages),
    output: content.text(facts.text),
    model: facts.servedModel ?? facts.model,
    modelParameters: parametersOf(facts.parameters, content),
    usageDetails: usageOf(facts.usage),
    ...(facts.firstTokenAt && { completionStartTime: facts.firstTokenAt }),
    ...(facts.costUsd !== null && { costDetails: { total: Number(facts.costUsd) } }),
    ...(facts.prompt && { prompt: { ...facts.prompt, isFallback: false } }),
    level: levels[facts.outcome] ?? 'ERROR',
    ...(facts.outcome !== 'ok' && { statusMessage: statusOf(facts, content) }),
    metadata: {
      inferenceId: facts.inferenceId,
      batchId: facts.batchId,
      requestId: facts.requestId,
      provider: facts.provider,
      requestedModel: facts.model,
      outcome: facts.outcome,
      detail: facts.detail,
      finishReason: facts.finishReason,
      attemptCount: facts.attemptCount,
      latencyMs: facts.latencyMs,
      labels: content.labels(facts.labels),
    },
  }),
  [LangfuseOtelSpanAttributes.TRACE_NAME]: facts.batchId === null ? 'inference' : 'batch item',
  ...(facts.batchId !== null && { [LangfuseOtelSpanAttributes.TRACE_SESSION_ID]: facts.batchId }),
  ...(facts.apiKeyId !== null && { [LangfuseOtelSpanAttributes.TRACE_USER_ID]: facts.apiKeyId }),
});
