import type { ProviderError } from '../../../src/errors.ts';
import type {
  CompletionAnswer,
  CompletionRequest,
  ModelInfo,
  Provider,
} from '../../../src/providers/provider.ts';
import { answerOf } from './answers.ts';

type Step = CompletionAnswer | ProviderError | ((request: CompletionRequest) => Promise<CompletionAnswer>);

/** Answers as told, one step a call and then ordinarily; keeps what it was asked. */
export const createScriptedProvider = (
  options: { name?: string; declaredModels?: ModelInfo[] | null } = {},
) => {
  const steps: Step[] = [];
  const requests: CompletionRequest[] = [];
  const provider: Provider = {
    name: options.name ?? 'scripted',
    kind: 'compatible',
    capabilities: { stream: false, embed: false, listModels: false, logprobs: false, seed: true },
    declaredModels: options.declaredModels ?? null,
    complete: async (request) => {
      requests.push(request);
      const step = steps.shift() ?? answerOf();
      if (step instanceof Error) throw step;
      return typeof step === 'function' ? step(request) : step;
    },
    stream: () => {
      throw new Error('not part of this fake');
    },
    listModels: async () => [],
  };
  return { provider, requests, next: (...more: Step[]) => void steps.push(...more) };
};
