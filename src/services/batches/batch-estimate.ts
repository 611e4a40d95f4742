import type { BatchDefinition, BatchEstimate, BatchTarget } from '../../contract/batch.ts';
import { boundCost, sumCosts } from '../calls/cost.ts';
import { type FindPrice, priceNames } from '../calls/find-price.ts';
import type { PreparedQuestion } from '../calls/prepare-question.ts';
import { boundTokens } from '../lanes/reserve-cost.ts';

/** UTF-8 bytes to a token, as vendors estimate it for English. */
const bytesPerToken = 4;

type TargetSum = {
  asked: number;
  inputTokens: number;
  maxInputTokens: number;
  maxOutputTokens: number;
  question: PreparedQuestion | null;
};

/** Adds up what the questions of a batch may come to, one by one. */
export const createBatchEstimate = (definition: Pick<BatchDefinition, 'targets' | 'repetitions'>) => {
  const sums = definition.targets.map(
    (): TargetSum => ({ asked: 0, inputTokens: 0, maxInputTokens: 0, maxOutputTokens: 0, question: null }),
  );
  const hashes = new Set<string>();
  let planned = 0;

  return {
    /** @param hash of the question, where identical ones share an answer: the second costs nothing */
    add: (index: number, question: PreparedQuestion, hash: string | null): void => {
      planned += definition.repetitions;
      const sum = sums[index];
      if (sum === undefined) return;
      if (hash !== null) {
        const key = `${index} ${hash}`;
        if (hashes.has(key)) return;
        hashes.add(key);
      }
      const { inputTokens, outputTokens } = boundTokens(question);
      sum.asked += definition.repetitions;
      sum.inputTokens += Math.ceil(inputTokens / bytesPerToken) * definition.repetitions;
      sum.maxInputTokens += inputTokens * definition.repetitions;
      sum.maxOutputTokens += outputTokens * definition.repetitions;
      sum.question = question;
    },

    total: async (
      targets: readonly BatchTarget[],
      findPrice: FindPrice,
      at: Date,
    ): Promise<BatchEstimate> => {
      const estimates = await Promise.all(
        targets.map(async ({ provider, model }, index) => {
          const { question, ...tokens } = sums[index] ?? {
            question: null,
            asked: 0,
            inputTokens: 0,
            maxInputTokens: 0,
            maxOutputTokens: 0,
          };
          const price = await findPrice(provider, priceNames(model, { model: question?.model ?? null }), at);
          const { inputTokens, maxInputTokens, maxOutputTokens } = tokens;
          return {
            provider,
            model,
            ...tokens,
            inputCostUsd: boundCost({ inputTokens, outputTokens: 0 }, price),
            maxCostUsd: boundCost({ inputTokens: maxInputTokens, outputTokens: maxOutputTokens }, price),
          };
        }),
      );
      return {
        planned,
        asked: estimates.reduce((sum, { asked }) => sum + asked, 0),
        targets: estimates,
        inputCostUsd: sumCosts(estimates.map(({ inputCostUsd }) => inputCostUsd)),
        maxCostUsd: sumCosts(estimates.map(({ maxCostUsd }) => maxCostUsd)),
      };
    },
  };
};
