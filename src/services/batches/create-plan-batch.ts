import { randomUUIDv7 } from 'node:crypto';
import type { BatchDefinition, BatchTarget } from '../../contract/batch.ts';
import { maxBatchQuestions } from '../../contract/batch.ts';
import type { BatchItemInput } from '../../contract/batch-item.ts';
import type { NewBatch, NewBatchInput } from '../../db/batches/batch-repository.ts';
import { AppError, type FieldFault } from '../../errors.ts';
import type { Provider } from '../../providers/provider.ts';
import type { FindPrice } from '../calls/find-price.ts';
import { prepareQuestion } from '../calls/prepare-question.ts';
import { canonicalJson, sha256Hex } from '../canonical-json.ts';
import type { TokenLimits } from '../prompts/token-limits.ts';
import type { GivenQuestion, QuestionFile } from '../uploads/question-file.ts';
import { createBatchEstimate } from './batch-estimate.ts';
import { createChosenTargets } from './chosen-targets.ts';
import type { PlanBatch } from './plan-batch.ts';

export type PlanBatchDependencies = {
  providers: ReadonlyMap<string, Provider>;
  limits: TokenLimits;
  findPrice: FindPrice;
  /** Epoch ms. */
  now?: (() => number) | undefined;
  newId?: (() => string) | undefined;
};

/** Faults that are told; the number of the others is. */
const mostFaults = 20;

export const createPlanBatch = (dependencies: PlanBatchDependencies): PlanBatch => {
  const { providers, limits, findPrice, now = Date.now, newId = randomUUIDv7 } = dependencies;

  return async (definition, file, { apiKeyId }) => {
    const faults = createFaultList();
    const targets = createChosenTargets(definition.targets);
    const estimate = createBatchEstimate(definition);
    const keys = new Set<string>();
    const questionsOfItem = definition.targets.length * definition.repetitions;
    let count = 0;

    /** Every question to every target, exactly as it will be asked. */
    const check = async (place: string, item: BatchItemInput): Promise<void> => {
      if (keys.has(item.itemKey))
        faults.add({ pointer: `${place}/itemKey`, message: 'stands more than once' });
      keys.add(item.itemKey);
      const hash = definition.shareIdentical ? questionHashOf(item) : null;
      for (const [index, target] of targets.all().entries()) {
        const { provider, model } = target;
        const { prompt, messages } = item;
        const parameters = { ...target.parameters, ...item.parameters };
        try {
          const question = { provider, model, prompt, messages, parameters };
          estimate.add(index, await prepareQuestion(question, providers, limits), hash);
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          for (const { pointer, message } of error.faults) {
            const isTarget = pointer === '/provider' || pointer === '/model';
            const ofTarget = pointer.startsWith('/parameters') && item.parameters === undefined;
            faults.add({
              pointer: isTarget || ofTarget ? `/targets/${index}${pointer}` : `${place}${pointer}`,
              message,
            });
          }
          if (error.faults.length === 0) faults.add({ pointer: place, message: error.message });
        }
      }
    };

    for await (const given of file.questions()) {
      count += 1;
      if ('faults' in given) {
        for (const fault of given.faults) faults.add(fault);
        continue;
      }
      const fault = targets.choose(given.model, given.place);
      if (fault !== null) faults.add(fault);
      // Above the limit the batch is refused anyway, and looking at each question would take long.
      else if (count * questionsOfItem <= maxBatchQuestions) await check(given.place, given.item);
    }
    if (count === 0) faults.add({ pointer: '/items', message: 'must hold a question at least' });
    const questions = count * questionsOfItem;
    if (questions > maxBatchQuestions) {
      const message = `items × targets × repetitions must not exceed ${maxBatchQuestions}, and come to ${questions}`;
      faults.add({ pointer: '/items', message });
    }
    faults.throwAny();

    const at = new Date(now());
    const chosen = targets.all();
    const total = await estimate.total(chosen, findPrice, at);
    if (definition.maxCostUsd !== undefined) refuseUnknownPrices(total.targets);
    return {
      batch: newBatch(definition, chosen, { id: newId(), apiKeyId, createdAt: at }),
      estimate: total,
      inputs: () => inputsOf(file, definition.shareIdentical),
    };
  };
};

const createFaultList = () => {
  const faults = new Map<string, FieldFault>();
  let more = 0;
  return {
    /** The same fault of every line is one. */
    add: (fault: FieldFault): void => {
      const key = `${fault.pointer}\n${fault.message}`;
      if (faults.has(key)) return;
      if (faults.size < mostFaults) faults.set(key, fault);
      else more += 1;
    },
    throwAny: (): void => {
      if (faults.size === 0) return;
      const rest = more > 0 ? ` (${more} more faults are not listed)` : '';
      throw new AppError('invalid_request', `The batch is not acceptable; nothing was stored${rest}.`, {
        faults: [...faults.values()],
      });
    },
  };
};

const refuseUnknownPrices = (targets: readonly { model: string; maxCostUsd: string | null }[]): void => {
  const faults = targets.flatMap(({ model, maxCostUsd }, index) =>
    maxCostUsd === null
      ? [
          {
            pointer: `/targets/${index}/model`,
            message: `${model} has no known price: POST /api/v1/prices adds one`,
          },
        ]
      : [],
  );
  if (faults.length === 0) return;
  throw new AppError('price_unknown', 'maxCostUsd cannot be kept where a price is unknown.', { faults });
};

const newBatch = (
  definition: BatchDefinition,
  targets: readonly BatchTarget[],
  facts: Pick<NewBatch, 'id' | 'apiKeyId' | 'createdAt'>,
): NewBatch => ({
  ...facts,
  name: definition.name ?? null,
  targets,
  repetitions: definition.repetitions,
  shareIdentical: definition.shareIdentical,
  concurrency: definition.concurrency,
  onUnknown: definition.onUnknown,
  maxCostUsd: definition.maxCostUsd ?? null,
  maxTokens: definition.maxTokens ?? null,
  maxAttempts: definition.maxAttempts,
  deadlineMs: definition.deadlineMs ?? null,
  metadata: definition.metadata ?? {},
  idempotency: null,
});

const messagesOf = ({ prompt, messages }: BatchItemInput) =>
  messages ?? [{ role: 'user' as const, content: prompt ?? '' }];

const questionHashOf = (item: BatchItemInput): string =>
  sha256Hex(canonicalJson({ messages: messagesOf(item), parameters: item.parameters ?? {} }));

async function* inputsOf(file: QuestionFile, isShared: boolean): AsyncGenerator<NewBatchInput> {
  for await (const given of file.questions()) {
    const item = itemOf(given);
    yield {
      itemKey: item.itemKey,
      messages: messagesOf(item),
      parameters: item.parameters ?? {},
      metadata: item.metadata ?? {},
      questionHash: isShared ? questionHashOf(item) : null,
    };
  }
}

const itemOf = (given: GivenQuestion): BatchItemInput => {
  if ('item' in given) return given.item;
  throw new Error(`${given.place} was right when it was checked`);
};
