import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type SpendingProvider, startSpendingProvider } from '../../support/spending-provider.ts';
import { type BatchDatabase, openBatchDatabase, questionsOf } from '../support/open-batch-services.ts';
import { createBudgetRuns } from '../support/run-budget.ts';

let database: BatchDatabase;
let provider: SpendingProvider;
beforeAll(async () => {
  [database, provider] = await Promise.all([openBatchDatabase(), startSpendingProvider()]);
});
afterAll(async () => {
  await database?.close();
  await provider?.close();
});

afterEach(() => database.closeProcesses());

describe('200 workers on one batch with caps', () => {
  // A hundred seeds: npm run chaos -- --only budget
  it.each([1, 2, 3])(
    'spend no more than the caps by the provider’s own books, and leave out the rest (seed %d)',
    async (seed) => {
      const run = await createBudgetRuns(database, provider)(seed);
      process.stdout.write(`budget: ${JSON.stringify(run)}\n`);
      expect(run.faults).toEqual([]);
      expect(run.ok).toBeGreaterThan(20);
      expect(run.skipped).toBeGreaterThan(20);
    },
    60_000,
  );
});

describe('caps', () => {
  const open = () =>
    database.open({
      providers: [
        { kind: 'openai', name: 'openai', baseUrl: provider.baseUrls.openai, key: () => 'sk-fake' },
      ],
    });
  const targets = [{ provider: 'openai', model: 'gpt-4o' }];

  it('that leave room for everything leave nothing out, and use up to nearly all they allow', async () => {
    const t = open();
    provider.open(7);
    const definition = { targets, concurrency: 16, maxCostUsd: '1', maxTokens: 1_000_000 };
    const batch = await t.run(definition, questionsOf(50));
    expect(batch.counts.outcomes).toMatchObject({ ok: 50, budget_skipped: 0 });
  });

  it('that leave room for nothing let nothing be sent', async () => {
    const t = open();
    provider.open(8);
    const batch = await t.run({ targets, maxCostUsd: '0.000001' }, questionsOf(50));
    expect(batch).toMatchObject({ status: 'completed', spend: { costUsd: '0' } });
    expect(batch.counts.outcomes.budget_skipped).toBe(50);
    expect(provider.spent().calls).toBe(0);
    expect(await t.batchService.reconcile(batch.id)).toMatchObject({ holds: true });
  });

  it('that were used up leave items which can be asked again, still within them', async () => {
    const t = open();
    provider.open(9);
    const batch = await t.run({ targets, maxTokens: 3000, concurrency: 8 }, questionsOf(60));
    const skipped = batch.counts.outcomes.budget_skipped;
    expect(skipped).toBeGreaterThan(10);
    await t.batchService.retryFailed(batch.id, {});
    await t.lanes.idle();
    const again = await t.batchService.get(batch.id);
    expect(again).toMatchObject({ status: 'completed', generation: 2 });
    expect(provider.spent().tokens).toBeLessThanOrEqual(3000);
  });
});
