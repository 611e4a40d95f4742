import { Decimal } from 'decimal.js';
import { createSeededRandom } from '../../../src/providers/seeded-random.ts';
import type { SpendingProvider } from '../../support/spending-provider.ts';
import { type BatchDatabase, questionsOf } from './open-batch-services.ts';

export type BudgetRun = {
  seed: number;
  planned: number;
  ok: number;
  skipped: number;
  others: number;
  /** Each null without such a cap. `share`: of the cap, by the provider's books. */
  capUsd: string | null;
  capTokens: number | null;
  spentUsd: string;
  spentTokens: number;
  /** What does not hold; empty when all is well. */
  faults: string[];
};

const concurrency = 200;

/**
 * One batch with random caps and questions of random cost, asked by 200 workers in 13 lanes over four processes. What it may cost
 * and what it did cost comes from the provider's own books.
 */
export const createBudgetRuns = (database: BatchDatabase, provider: SpendingProvider) => {
  const t = database.open(
    {
      providers: [
        { kind: 'openai', name: 'openai', baseUrl: provider.baseUrls.openai, key: () => 'sk-fake' },
      ],
    },
    4,
  );

  return async (seed: number, count = 300): Promise<BudgetRun> => {
    provider.open(seed);
    const random = createSeededRandom(seed);
    const items = questionsOf(count, `Seed ${seed}`).map((item) => ({
      ...item,
      parameters: { maxOutputTokens: 1 + Math.floor(random() * 200) },
    }));
    // About half of what all questions will come to: the rest is to be left out.
    const dollars = (0.2 + random()) * count * 0.0006;
    const capUsd = seed % 3 === 1 ? null : dollars.toFixed(6);
    const capTokens = seed % 3 === 0 ? null : Math.floor((0.2 + random()) * count * 60);
    const batch = await t.run(
      {
        targets: [{ provider: 'openai', model: 'gpt-4o' }],
        concurrency,
        ...(capUsd === null ? {} : { maxCostUsd: capUsd }),
        ...(capTokens === null ? {} : { maxTokens: capTokens }),
      },
      items,
    );
    const books = provider.spent();
    const { outcomes, planned } = batch.counts;
    const { ok, budget_skipped: skipped } = outcomes;
    const reconciliation = await t.batchService.reconcile(batch.id);
    const { budget, costUsd } = batch.spend;

    const faults: string[] = [];
    const expect = (holds: boolean, fault: string): void => {
      if (!holds) faults.push(fault);
    };
    expect(batch.status === 'completed', `the batch is ${batch.status}`);
    expect(capUsd === null || books.usd.lte(capUsd), `${books.usd} USD were spent of ${capUsd}`);
    expect(
      capTokens === null || books.tokens <= capTokens,
      `${books.tokens} tokens were spent of ${capTokens}`,
    );
    expect(ok + skipped === planned, `other outcomes: ${JSON.stringify(outcomes)}`);
    expect(ok === books.calls, `${books.calls} answers, ${ok} items with one`);
    expect(reconciliation.holds, `does not reconcile: ${JSON.stringify(reconciliation)}`);
    expect(books.usd.eq(costUsd), `recorded cost ${costUsd}, the provider's ${books.usd}`);
    expect(
      new Decimal(budget?.reservedUsd ?? -1).eq(0) && budget?.reservedTokens === 0,
      'something is reserved',
    );
    // What nobody knows counts with its upper bound, which is more than it cost.
    const counted = { usd: new Decimal(budget?.spentUsd ?? -1), tokens: budget?.spentTokens ?? -1 };
    const isKnown = batch.spend.unknownCostCount === 0;
    expect(isKnown || seed % 2 === 0, `${batch.spend.unknownCostCount} costs are unknown`);
    expect(
      isKnown ? counted.usd.eq(books.usd) : counted.usd.gt(books.usd),
      `the budget says ${counted.usd} USD`,
    );
    expect(
      isKnown ? counted.tokens === books.tokens : counted.tokens > books.tokens,
      `the budget says ${counted.tokens} tokens`,
    );
    expect(capUsd === null || counted.usd.lte(capUsd), `the budget is above its cap: ${counted.usd} USD`);
    expect(
      capTokens === null || counted.tokens <= capTokens,
      `the budget is above its cap: ${counted.tokens} tokens`,
    );
    return {
      seed,
      planned,
      ok,
      skipped,
      others: planned - ok - skipped,
      capUsd,
      capTokens,
      spentUsd: books.usd.toFixed(),
      spentTokens: books.tokens,
      faults,
    };
  };
};
