import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Decimal } from 'decimal.js';
import type { ReservationRequest } from '../../src/db/limits/limits-repository.ts';
import { settleReservations } from '../../src/db/limits/reservation-queries.ts';
import { createSeededRandom } from '../../src/providers/seeded-random.ts';
import { exampleAttemptSettlement } from '../support/example-rows.ts';
import {
  at,
  createWorker,
  type exampleBatch,
  exampleInputs,
  type OpenBatches,
  openBatches,
  refOf,
  settlementOf,
} from '../support/open-batches.ts';

let open: OpenBatches;
beforeAll(async () => {
  open = await openBatches({ size: 8 });
});
afterAll(() => open.close());

const insert = (overrides: Parameters<typeof exampleBatch>[0], count = 1) =>
  open.insert(overrides, exampleInputs(count));

const request = (usd: string, tokens = 0): ReservationRequest => ({
  runId: randomUUIDv7(),
  usd,
  tokens,
  expiresAt: at(60),
});

const budgetOf = async (id: string) => {
  const { budget } = await open.batches.batchSpend(id);
  if (budget === null) throw new Error('no budget');
  return budget;
};

describe('reserving', () => {
  it('grants what fits to the last cent, in order, and says whether the rest ever will', async () => {
    const { id } = await insert({ maxCostUsd: '1.00' });
    expect(
      await open.batches.reserve([id], [request('0.60'), request('0.50'), request('0.40'), request('1.01')]),
    ).toEqual(['granted', 'later', 'granted', 'never']);
    expect(await budgetOf(id)).toMatchObject({ spentUsd: '0', reservedUsd: '1.00' });
    expect(await open.batches.reserve([id], [request('0.0000000001')])).toEqual(['later']);
  });

  it('holds both caps, over all budgets together', async () => {
    const [own, shared] = [
      await insert({ maxCostUsd: '10', maxTokens: 100 }),
      await insert({ maxTokens: 150 }),
    ];
    expect(await open.batches.reserve([own.id, shared.id], [request('1', 100)])).toEqual(['granted']);
    expect(await open.batches.reserve([own.id, shared.id], [request('1', 1)])).toEqual(['later']);
    expect(await open.batches.reserve([shared.id], [request('1000', 51)])).toEqual(['later']);
    expect(await open.batches.reserve([shared.id], [request('1000', 50)])).toEqual(['granted']);
    expect(await budgetOf(own.id)).toMatchObject({ reservedUsd: '1', reservedTokens: 100 });
    expect(await budgetOf(shared.id)).toMatchObject({ reservedUsd: '1001', reservedTokens: 150 });
  });

  it('has no room in a budget that does not exist', async () => {
    const { id } = await insert({ maxTokens: 5 });
    expect(await open.batches.reserve([id, randomUUIDv7()], [request('0', 1)])).toEqual(['never']);
    expect(await budgetOf(id)).toMatchObject({ reservedTokens: 0 });
    expect(await open.batches.reserve([id], [])).toEqual([]);
  });

  it('is undone for a question that was not asked', async () => {
    const { id } = await insert({ maxCostUsd: '1' });
    const reservation = request('1');
    await open.batches.reserve([id], [reservation]);
    await open.batches.cancelReservations([reservation.runId], at(1));
    await open.batches.cancelReservations([reservation.runId], at(1));
    expect(await budgetOf(id)).toMatchObject({ spentUsd: '0', reservedUsd: '0' });
    expect(await open.batches.reserve([id], [request('1')])).toEqual(['granted']);
  });
});

describe('a reservation', () => {
  // Those of the tests before.
  beforeEach(() => open.batches.expireReservations(at(100_000), 1000));

  const reserveAndBegin = async (overrides: Parameters<typeof exampleBatch>[0] = {}) => {
    const batch = await insert({ maxCostUsd: '1', maxTokens: 1000, ...overrides });
    const worker = createWorker(open.batches);
    const [item] = await worker.lease(batch.id, 1);
    if (item === undefined) throw new Error('nothing leased');
    const reservation = request('0.7', 500);
    expect(await open.batches.reserve([batch.id], [reservation])).toEqual(['granted']);
    const begin = (now: Date) => worker.begin(item, now, true, reservation.runId);
    return { batch, worker, item, reservation, begin };
  };

  it('is replaced by what the call cost', async () => {
    const { batch, item, begin } = await reserveAndBegin();
    const { run } = await begin(at(2));
    const lastAttempt = exampleAttemptSettlement(run.attemptId, { costUsd: '0.25' });
    const settlement = settlementOf(item, run, { costUsd: '0.25', lastAttempt });
    await Promise.all([open.batches.settleItem(settlement), open.batches.settleItem(settlement)]);
    await open.batches.settleItem(settlement);
    expect(await budgetOf(batch.id)).toEqual({
      maxCostUsd: '1',
      maxTokens: 1000,
      spentUsd: '0.25',
      reservedUsd: '0.0',
      spentTokens: 12,
      reservedTokens: 0,
    });
    expect(await open.batches.reconcileBatch(batch.id)).toMatchObject({
      budgetSpentUsd: '0.25',
      holds: true,
    });
  });

  it('is spent when the cost is unknown', async () => {
    const { batch, item, begin } = await reserveAndBegin();
    const { run } = await begin(at(2));
    await open.batches.settleItem(settlementOf(item, run, { costUsd: null, usage: null }));
    expect(await budgetOf(batch.id)).toMatchObject({ spentUsd: '0.7', spentTokens: 500, reservedTokens: 0 });
  });

  it('is spent when the worker dies, and corrected by a late answer', async () => {
    const { batch, item, begin } = await reserveAndBegin({ onUnknown: 'missing' });
    const { run } = await begin(at(2));
    await open.batches.expireLeases(at(500), { limit: 10, maxAttempts: 3 });
    expect(await budgetOf(batch.id)).toMatchObject({ spentUsd: '0.7', spentTokens: 500 });
    expect(await open.batches.expireReservations(at(500), 10)).toBe(0);
    const lastAttempt = exampleAttemptSettlement(run.attemptId, { costUsd: '0.1' });
    await open.batches.settleItem(settlementOf(item, run, { costUsd: '0.1', lastAttempt }));
    expect(await budgetOf(batch.id)).toMatchObject({ spentUsd: '0.1', spentTokens: 12, reservedTokens: 0 });
    expect(await open.batches.reconcileBatch(batch.id)).toMatchObject({ holds: true });
  });

  it('falls back when it expires unused, and lets nothing begin then', async () => {
    const { batch, begin } = await reserveAndBegin();
    expect(await open.batches.expireReservations(at(60), 10)).toBe(0);
    expect(await open.batches.expireReservations(at(61), 10)).toBeGreaterThan(0);
    expect(await budgetOf(batch.id)).toMatchObject({ spentUsd: '0', spentTokens: 0, reservedTokens: 0 });
    expect((await begin(at(62))).isBegun).toBe(false);
    expect(await open.inferences.countInferences({ batchId: batch.id })).toBe(0);
  });

  it('lasts as long as the run it is for', async () => {
    const { batch, begin } = await reserveAndBegin();
    await begin(at(59));
    expect(await open.batches.expireReservations(at(100), 10)).toBe(0);
    expect(await budgetOf(batch.id)).toMatchObject({ reservedUsd: '0.7' });
    expect(await open.batches.expireReservations(at(150), 10)).toBe(1);
    expect(await budgetOf(batch.id)).toMatchObject({ spentUsd: '0.7', reservedUsd: '0.0' });
  });
});

describe('200 workers on one budget', () => {
  let repositories: OpenBatches['batches'][];
  beforeAll(() => {
    repositories = [open.batches, open.openAnother(), open.openAnother(), open.openAnother()];
  });
  const runs = process.env.SQ_TEST_DATABASE_URL === undefined ? 1 : 2;

  it.each(Array.from({ length: runs }, (_, run) => run + 1))(
    'never spend more than the cap (seed %d)',
    async (seed) => {
      const random = createSeededRandom(seed);
      const cap = new Decimal(random()).times(4).plus(1).toFixed(4);
      const { id } = await insert({ maxCostUsd: cap });
      let atProvider = new Decimal(0);
      let refused = 0;
      await Promise.all(
        Array.from({ length: 200 }, async (_, index) => {
          const repository = repositories[index % repositories.length];
          if (repository === undefined) return;
          for (let call = 0; call < 3; call += 1) {
            const bounds = Array.from({ length: 1 + Math.floor(random() * 4) }, () =>
              (random() * 0.05).toFixed(6),
            );
            const requests = bounds.map((usd) => request(usd));
            const results = await repository.reserve([id], requests);
            const granted = requests.filter((_, which) => results[which] === 'granted');
            refused += requests.length - granted.length;
            for (const { usd, runId } of granted) {
              // The call costs up to its bound, or is never made.
              const cost = new Decimal(usd).times(random()).toFixed(6, Decimal.ROUND_DOWN);
              if (random() < 0.1) {
                await repository.cancelReservations([runId], at(1));
              } else {
                atProvider = atProvider.plus(cost);
                await settle(runId, cost);
              }
            }
            await delay(random() * 3);
          }
        }),
      );
      expect(refused).toBeGreaterThan(0);
      const budget = await budgetOf(id);
      expect(Number(budget.spentUsd)).toBe(atProvider.toNumber());
      expect(atProvider.lte(cap)).toBe(true);
      expect(Number(budget.reservedUsd)).toBe(0);
      expect(await open.batches.reconcileBatch(id)).toMatchObject({ holds: true });
    },
    60_000,
  );

  const settle = async (runId: string, usd: string) => {
    await settleReservations(await open.pool.connect(), [{ runId, usd, tokens: 0, settledAt: at(2) }]);
  };
});

describe('an item without a budget left', () => {
  it('ends as budget_skipped, and is there to be tried again', async () => {
    const batch = await insert({ maxCostUsd: '0.1' }, 2);
    const worker = createWorker(open.batches);
    const items = await worker.lease(batch.id, 2);
    expect(await open.batches.reserve([batch.id], [request('0.2')])).toEqual(['never']);
    await open.batches.settleUnsentItems(
      items.map((item) => ({
        ...refOf(item),
        leaseToken: worker.leaseToken,
        outcome: 'budget_skipped' as const,
        detail: 'max_cost',
      })),
      at(2),
    );
    expect(await open.batches.findBatch(batch.id)).toMatchObject({ status: 'completed' });
    const { data } = await open.batches.listBatchItems(batch.id, { outcome: 'budget_skipped' }, { limit: 5 });
    expect(data.map(({ detail, inferenceId }) => [detail, inferenceId])).toEqual([
      ['max_cost', null],
      ['max_cost', null],
    ]);
    expect(await open.batches.reconcileBatch(batch.id)).toMatchObject({ holds: true });
  });
});
