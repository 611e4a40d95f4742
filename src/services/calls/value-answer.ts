import type { Usage } from '../../contract/inference.ts';
import type { NewRun, Price } from '../../db/runs/inference-repository.ts';
import { AppError } from '../../errors.ts';
import type { CompletionAnswer, Usage as ReportedUsage } from '../../providers/provider.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { completeUsage } from './complete-usage.ts';
import type { FindPrice } from './find-price.ts';
import type { Persist } from './persist.ts';
import type { PreparedQuestion } from './prepare-question.ts';

/** What was answered, by whom; also the part of an answer that arrived before it broke off. */
export type ValuedAnswer = Pick<CompletionAnswer, 'text' | 'refusal' | 'servedModel' | 'usage'>;

export type ValueAnswer = (
  ask: { run: NewRun; question: PreparedQuestion },
  answer: ValuedAnswer,
) => Promise<{ usage: Usage; price: Price | null }>;

const unreported: ReportedUsage = {
  inputTokens: null,
  cachedInputTokens: null,
  outputTokens: null,
  reasoningTokens: null,
};

/** Of an answer that broke off nobody reports the usage: it is counted here, from what had arrived. */
export const brokenOff = (text: string, servedModel: string | null): ValuedAnswer => ({
  text,
  refusal: null,
  servedModel,
  usage: unreported,
});

/** Finds out what an answer came to: tokens, counted where the provider says nothing, and their price. */
export const createValueAnswer = (dependencies: {
  logger: Logger;
  persist: Persist;
  findPrice: FindPrice;
}): ValueAnswer => {
  const { logger, persist, findPrice } = dependencies;

  const priceOf = async (
    run: NewRun,
    { provider, model }: PreparedQuestion,
    servedModel: string | null,
  ): Promise<Price | null> => {
    const names = [servedModel, run.model, model?.family].filter((name) => typeof name === 'string');
    try {
      return await persist(run.leaseUntil.getTime(), () => findPrice(provider.name, names, run.createdAt));
    } catch (error) {
      if (error instanceof AppError && error.code === 'database_unavailable') throw error;
      // The answer is worth more than its price, which can be computed later.
      logger.error('price look-up failed', { provider: provider.name, model: run.model, error });
      return null;
    }
  };

  const usageOf = async ({ provider, messages }: PreparedQuestion, answer: ValuedAnswer): Promise<Usage> => {
    try {
      return await completeUsage(messages, answer);
    } catch (error) {
      // Nor must a tokenizer that cannot be loaded cost us the answer.
      logger.error('token count failed', { provider: provider.name, error });
      return { ...answer.usage, estimated: false };
    }
  };

  return async ({ run, question }, answer) => {
    const [usage, price] = await Promise.all([
      usageOf(question, answer),
      priceOf(run, question, answer.servedModel),
    ]);
    return { usage, price };
  };
};
