import { randomUUIDv7 } from 'node:crypto';
import type { RecostedRun, RecostRun } from '../../db/pricing/recost-queries.ts';
import type { Price } from '../../db/runs/inference-repository.ts';
import type { StudyRepository } from '../../db/study/study-repository.ts';
import { costOfUsage, isSameCost, sumCosts } from '../calls/cost.ts';
import { createFindPrice, type FamilyOf, type FindPrice } from '../calls/find-price.ts';
import { addMoney } from './fold-figures.ts';
import type { PriceService } from './study-service.ts';

export type PriceServiceDependencies = {
  repository: Pick<
    StudyRepository,
    'listPrices' | 'insertPrice' | 'freshPrices' | 'runsToRecost' | 'recostRuns'
  >;
  familyOf: FamilyOf;
  /** Epoch ms. */
  now?: (() => number) | undefined;
};

const runsAtOnce = 500;
/** The caller goes on with the cursor. */
const recostMs = 25_000;

const isChanged = ({ read, costUsd, priceId }: RecostedRun): boolean =>
  read.priceId !== priceId || !isSameCost(read.costUsd, costUsd);
const addCost = (sum: string | null, { costUsd }: { costUsd: string | null }) => addMoney(sum, costUsd);

export const createPriceService = (dependencies: PriceServiceDependencies): PriceService => {
  const { repository, familyOf, now = Date.now } = dependencies;

  const recosted = async (run: RecostRun, findPrice: FindPrice): Promise<RecostedRun> => {
    /** As when it was answered: by the names of the model, the most exact first, and the price in force then. */
    const priceOf = (servedModel: string | null): Promise<Price | null> =>
      findPrice(
        run.provider,
        [servedModel, run.model, familyOf(run.provider, run.model)].filter((name) => name !== null),
        new Date(run.createdAt),
      );
    let { priceId } = run;
    const attempts: { id: string; costUsd: string | null }[] = [];
    for (const { id, servedModel, usage, costUsd } of run.attempts) {
      // A call without usage cost what is recorded: certainly nothing, or nobody knows what.
      if (usage === null) {
        attempts.push({ id, costUsd });
        priceId = null;
        continue;
      }
      const price = await priceOf(servedModel);
      const cost = costOfUsage(usage, price);
      // What was once known stays, should its price not be found any more.
      attempts.push({ id, costUsd: cost ?? costUsd });
      priceId = cost === null ? (costUsd === null ? null : run.priceId) : (price?.id ?? null);
    }
    const costs = attempts.map(({ costUsd }) => costUsd);
    return { read: run, costUsd: costs.length === 0 ? run.costUsd : sumCosts(costs), priceId, attempts };
  };

  return {
    list: async ({ limit, cursor, ...filter }) => repository.listPrices(filter, { limit, cursor }),
    add: async (price) =>
      repository.insertPrice(
        { ...price, id: randomUUIDv7(), effectiveFrom: new Date(price.effectiveFrom) },
        new Date(now()),
      ),
    recost: async ({ filter, runs: chosen, preview, cursor }) => {
      const until = now() + recostMs;
      const findPrice = createFindPrice(await repository.freshPrices());
      const report = {
        examinedCount: 0,
        changedCount: 0,
        unknownCount: 0,
        costUsdBefore: null as string | null,
        costUsdAfter: null as string | null,
      };
      let after = cursor ?? null;
      for (;;) {
        const page = await repository.runsToRecost(filter, {
          unknownOnly: chosen === 'unknown',
          after,
          limit: runsAtOnce,
        });
        const results: RecostedRun[] = [];
        for (const run of page.data) results.push(await recosted(run, findPrice));
        if (preview) report.changedCount += results.filter(isChanged).length;
        else if (results.length > 0) report.changedCount += await repository.recostRuns(results);
        report.examinedCount += results.length;
        report.unknownCount += results.filter(({ costUsd }) => costUsd === null).length;
        report.costUsdBefore = page.data.reduce(addCost, report.costUsdBefore);
        report.costUsdAfter = results.reduce(addCost, report.costUsdAfter);
        after = page.nextCursor;
        if (after === null || now() >= until) return { ...report, nextCursor: after };
      }
    },
  };
};
