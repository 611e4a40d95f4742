import type { Usage } from './provider.ts';
import type { WireUsage } from './wire-types.ts';

const count = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;

/**
 * The vendor's token counts in our words. `prompt_tokens` and `completion_tokens` include cached and reasoning tokens.
 * A question has at least one token, so an input of 0 is a vendor that doesn't count: everything is unknown then.
 */
export const mapUsage = (usage: WireUsage | null | undefined): Usage => {
  const inputTokens = count(usage?.prompt_tokens) || null;
  const outputTokens = count(usage?.completion_tokens);
  return {
    inputTokens,
    cachedInputTokens:
      count(usage?.prompt_tokens_details?.cached_tokens) ?? count(usage?.prompt_cache_hit_tokens),
    outputTokens: inputTokens === null && outputTokens === 0 ? null : outputTokens,
    reasoningTokens: count(usage?.completion_tokens_details?.reasoning_tokens),
  };
};
