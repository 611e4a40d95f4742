import type { Batch } from '../../contract/batch.ts';
import type { BatchRepository } from '../../db/batches/batch-repository.ts';
import type { ReservationRequest, ReservationResult } from '../../db/limits/limits-repository.ts';
import { boundCost } from '../calls/cost.ts';
import { type FindPrice, priceNames } from '../calls/find-price.ts';
import type { PreparedQuestion } from '../calls/prepare-question.ts';
import { boundMessageTokens } from '../prompts/count-tokens.ts';

/** A reservation whose run has not begun by then is freed, in ms. */
const reservationMs = 60_000;

export type CostlyQuestion = { runId: string; model: string; question: PreparedQuestion };

export const hasCap = ({ maxCostUsd, maxTokens }: Pick<Batch, 'maxCostUsd' | 'maxTokens'>): boolean =>
  maxCostUsd !== null || maxTokens !== null;

/** No question can have more tokens: one to a byte of its text, and all the output that is asked for. */
export const boundTokens = ({ messages, parameters }: PreparedQuestion) => ({
  inputTokens: boundMessageTokens(messages),
  outputTokens: parameters.maxOutputTokens,
});

type Dependencies = { repository: Pick<BatchRepository, 'reserve'>; findPrice: FindPrice; now: () => number };

/** Takes the upper bound of each question from the batch's budget, in order; without caps everything is granted. */
export const createReserveCost = ({ repository, findPrice, now }: Dependencies) => {
  const requestOf = async (
    batch: Batch,
    { runId, model, question }: CostlyQuestion,
  ): Promise<ReservationRequest | null> => {
    const at = new Date(now());
    const tokens = boundTokens(question);
    const usd = boundCost(tokens, await findPrice(question.provider.name, priceNames(model, question), at));
    // A price that has vanished since the batch was made: under a cap on money nothing can be sent any more.
    if (usd === null && batch.maxCostUsd !== null) return null;
    const expiresAt = new Date(at.getTime() + reservationMs);
    return { runId, usd: usd ?? '0', tokens: tokens.inputTokens + tokens.outputTokens, expiresAt };
  };

  return async (batch: Batch, questions: readonly CostlyQuestion[]): Promise<ReservationResult[]> => {
    if (!hasCap(batch)) return questions.map(() => 'granted');
    const requests = await Promise.all(questions.map((question) => requestOf(batch, question)));
    const priced = requests.filter((request) => request !== null);
    const results = await repository.reserve([batch.id], priced);
    const resultOf = new Map(priced.map(({ runId }, index) => [runId, results[index]]));
    return questions.map(({ runId }) => resultOf.get(runId) ?? 'never');
  };
};
