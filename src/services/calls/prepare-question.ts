import type { CreateInference, Message, Parameters } from '../../contract/inference.ts';
import { AppError } from '../../errors.ts';
import type { Provider } from '../../providers/provider.ts';
import { preprocess } from '../prompts/preprocess.ts';
import { enforceInputTokens, resolveMaxOutputTokens, type TokenLimits } from '../prompts/token-limits.ts';
import { resolveTarget, type Target } from './resolve-target.ts';

export type PreparedQuestion = Target & {
  messages: readonly Message[];
  originalMessages: readonly Message[] | null;
  /** As they are sent: the output limit is always among them. */
  parameters: Parameters & { maxOutputTokens: number };
};

/** Everything that can be refused is refused here: nothing has been stored, sent or paid yet. @throws {AppError} */
export const prepareQuestion = async (
  request: CreateInference,
  providers: ReadonlyMap<string, Provider>,
  limits: TokenLimits,
): Promise<PreparedQuestion> => {
  const target = resolveTarget(providers, request.provider, request.model);
  const maxOutputTokens = resolveMaxOutputTokens(request.parameters?.maxOutputTokens, limits, target.model);
  const isPrompt = request.prompt !== undefined;
  const given: readonly Message[] = isPrompt
    ? [{ role: 'user', content: request.prompt ?? '' }]
    : (request.messages ?? []);
  const pointerOf = (index: number): string => (isPrompt ? '/prompt' : `/messages/${index}/content`);
  const { messages, originalMessages } = await preprocess(given, request.preprocessing, pointerOf);
  const pointer = isPrompt ? '/prompt' : '/messages';
  if (messages.every(({ content }) => content === '')) {
    const message = originalMessages === null ? 'is empty' : 'nothing is left of it after preprocessing';
    throw new AppError('invalid_request', 'There is no question to ask.', { faults: [{ pointer, message }] });
  }
  await enforceInputTokens(messages, pointer, limits.maxInputTokens, target.model, maxOutputTokens);
  return { ...target, messages, originalMessages, parameters: { ...request.parameters, maxOutputTokens } };
};
