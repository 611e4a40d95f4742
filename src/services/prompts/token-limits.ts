import type { Message } from '../../contract/inference.ts';
import { AppError } from '../../errors.ts';
import type { ModelInfo } from '../../providers/provider.ts';
import { boundMessageTokens, countMessageTokens } from './count-tokens.ts';

export type TokenLimits = {
  maxInputTokens: number;
  defaultMaxOutputTokens: number;
  maxOutputTokens: number;
};

/**
 * The output limit that is sent to the provider: what the caller asks for, or the default, of which a model with a
 * declared context gives away at most half.
 *
 * @throws {AppError} invalid_request above the configured limit, or where the model's context leaves no input.
 */
export const resolveMaxOutputTokens = (
  asked: number | undefined,
  limits: TokenLimits,
  model: ModelInfo | null,
): number => {
  const contextTokens = model?.contextTokens ?? null;
  if (asked === undefined) {
    const fallback = Math.min(limits.defaultMaxOutputTokens, limits.maxOutputTokens);
    return contextTokens === null ? fallback : Math.max(1, Math.min(fallback, Math.floor(contextTokens / 2)));
  }
  if (asked > limits.maxOutputTokens)
    throw tooMuchOutput(`${asked} is above the limit of ${limits.maxOutputTokens}`);
  if (contextTokens !== null && asked >= contextTokens) {
    throw tooMuchOutput(`${asked} leaves no input in the model's context of ${contextTokens} tokens`);
  }
  return asked;
};

const tooMuchOutput = (message: string): AppError =>
  new AppError('invalid_request', `Too many output tokens are asked for: ${message}.`, {
    faults: [{ pointer: '/parameters/maxOutputTokens', message }],
  });

/**
 * Refuses an input that is too long, before any money is spent. The number of UTF-8 bytes is an upper bound of the
 * number of tokens, so that most inputs pass without the tokenizer. The real count is o200k_base; it stops at twice
 * the limit and then says "at least".
 *
 * @param pointer the field that holds the input.
 * @throws {AppError} input_too_long with both numbers.
 */
export const enforceInputTokens = async (
  messages: readonly Message[],
  pointer: string,
  maxInputTokens: number,
  model: ModelInfo | null,
  maxOutputTokens: number,
): Promise<void> => {
  const contextTokens = model?.contextTokens ?? null;
  const room = contextTokens === null ? Number.POSITIVE_INFINITY : contextTokens - maxOutputTokens;
  const limit = Math.min(maxInputTokens, room);
  if (boundMessageTokens(messages) <= limit) return;
  const count = await countMessageTokens(messages, { stopAbove: limit * 2 });
  if (count <= limit) return;
  const counted = count > limit * 2 ? `at least ${count}` : String(count);
  const origin =
    limit === maxInputTokens
      ? 'allowed are at most'
      : `the model's context of ${contextTokens} less ${maxOutputTokens} for the output leaves`;
  const message = `the input has ${counted} tokens, ${origin} ${limit}`;
  throw new AppError('input_too_long', `The input is too long: ${message}.`, {
    faults: [{ pointer, message }],
  });
};
