import type { FinishReason } from './provider.ts';

const known: Record<string, FinishReason> = {
  stop: 'stop',
  // Llama and DeepSeek servers name the token that ended the text.
  eos: 'stop',
  eos_token: 'stop',
  stop_sequence: 'stop',
  length: 'length',
  max_tokens: 'length',
  content_filter: 'content_filter',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
};

/** The vendor's `finish_reason` in our words; null where it said nothing. */
export const mapFinishReason = (reason: unknown): FinishReason | null => {
  if (typeof reason !== 'string' || reason === '') return null;
  return Object.hasOwn(known, reason) ? (known[reason] ?? 'other') : 'other';
};
