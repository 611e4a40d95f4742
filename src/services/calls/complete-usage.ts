import type { Message, Usage } from '../../contract/inference.ts';
import type { CompletionAnswer } from '../../providers/provider.ts';
import { countMessageTokens, countTokens } from '../prompts/count-tokens.ts';

/**
 * The usage of an answer. Where the provider left out the input or output count, it is counted here (o200k_base) and
 * the whole is marked `estimated`; what a provider reported is never replaced. Cached and reasoning tokens cannot be
 * counted from outside and stay unknown.
 */
export const completeUsage = async (
  messages: readonly Message[],
  { usage, text, refusal }: Pick<CompletionAnswer, 'usage' | 'text' | 'refusal'>,
): Promise<Usage> => {
  const { inputTokens, cachedInputTokens, outputTokens, reasoningTokens } = usage;
  if (inputTokens !== null && outputTokens !== null) {
    return { inputTokens, cachedInputTokens, outputTokens, reasoningTokens, estimated: false };
  }
  return {
    inputTokens: inputTokens ?? (await countMessageTokens(messages)),
    cachedInputTokens,
    outputTokens: outputTokens ?? (await countTokens(text)) + (await countTokens(refusal ?? '')),
    reasoningTokens,
    estimated: true,
  };
};
