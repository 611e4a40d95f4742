import type { BatchResult } from './batch-item.ts';

/** What OpenAI calls a reason to stop; ours has no other words for these. */
const finishReasons: Readonly<Record<string, string>> = {
  stop: 'stop',
  length: 'length',
  content_filter: 'content_filter',
  tool_calls: 'tool_calls',
};
/** Outcomes that are an answer of the model, whatever it is worth. */
const answers: ReadonlySet<string> = new Set(['ok', 'truncated', 'refused']);

const bodyOf = (result: BatchResult): unknown => ({
  id: `chatcmpl-${result.inferenceId}`,
  object: 'chat.completion',
  created: Math.floor(Date.parse(result.settledAt ?? '1970-01-01T00:00:00Z') / 1000),
  model: result.servedModel ?? result.model,
  choices: [
    {
      index: 0,
      finish_reason: finishReasons[result.finishReason ?? ''] ?? null,
      logprobs: null,
      message: {
        role: 'assistant',
        content: result.outcome === 'refused' ? null : result.text,
        refusal: result.outcome === 'refused' ? result.text : null,
      },
    },
  ],
  usage:
    result.usage === null
      ? null
      : {
          prompt_tokens: result.usage.inputTokens,
          completion_tokens: result.usage.outputTokens,
          total_tokens:
            result.usage.inputTokens === null || result.usage.outputTokens === null
              ? null
              : result.usage.inputTokens + result.usage.outputTokens,
        },
});

/**
 * A result as a line of OpenAI's batch output file. What is no answer stands under `error`, with the outcome as its code.
 * @source OpenAI API reference, "The request output object"
 */
export const toOpenaiBatchOutput = (result: BatchResult): unknown => {
  const isAnswer = result.outcome !== null && answers.has(result.outcome);
  return {
    id: `batch_req_${result.batchId}_${result.position}`,
    custom_id: result.itemKey,
    response: isAnswer ? { status_code: 200, request_id: result.inferenceId, body: bodyOf(result) } : null,
    error: isAnswer
      ? null
      : {
          code: result.outcome,
          message: result.error?.message ?? result.detail ?? 'no answer',
        },
  };
};
