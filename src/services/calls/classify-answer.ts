import type { Outcome } from '../../contract/inference.ts';
import type { CompletionAnswer } from '../../providers/provider.ts';
import type { OutcomeDetail } from './outcome-details.ts';

export type Classified = { outcome: Outcome; detail: OutcomeDetail | null };

/** What an answer amounts to. A filter or a refusal counts before the finish reason: neither is a measurement of the model. */
export const classifyAnswer = (answer: CompletionAnswer): Classified => {
  if (answer.finishReason === 'content_filter') {
    return { outcome: 'content_filtered', detail: 'completion_filtered' };
  }
  if (answer.refusal !== null && answer.refusal !== '')
    return { outcome: 'refused', detail: 'model_refusal' };
  const isEmpty = answer.text.trim() === '';
  if (answer.finishReason === 'length') {
    const reasoned = isEmpty && (answer.usage.reasoningTokens ?? 0) > 0;
    return { outcome: 'truncated', detail: reasoned ? 'reasoning_exhausted' : 'max_output_tokens' };
  }
  if (answer.finishReason === 'tool_calls') return { outcome: 'ok', detail: 'tool_calls' };
  if (isEmpty) return { outcome: 'ok', detail: 'empty_answer' };
  return { outcome: 'ok', detail: answer.finishReason === null ? 'no_finish_reason' : null };
};
