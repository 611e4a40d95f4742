import type { StudyRepository } from '../../db/study/study-repository.ts';
import { AppError } from '../../errors.ts';
import { createFindPrice, type FamilyOf } from '../calls/find-price.ts';
import { compareBatches } from './compare-batches.ts';
import { counterfactualCost } from './counterfactual-cost.ts';
import { costPerSuccess, foldFigures, groupByKey } from './fold-figures.ts';
import { latencyFigures, mergeHistograms, quantileOf, tokensPerSecond } from './latency-figures.ts';
import type { StudyService } from './study-service.ts';
import { studyTimeseries } from './study-timeseries.ts';
import { createStudyUpkeep } from './study-upkeep.ts';

export type StudyServiceDependencies = {
  repository: StudyRepository;
  familyOf: FamilyOf;
  /** Epoch ms. */
  now?: (() => number) | undefined;
};

const mostRows = 200;

export const createStudyService = (dependencies: StudyServiceDependencies): StudyService => {
  const { repository, familyOf, now = Date.now } = dependencies;

  return {
    summary: async (filter) => {
      const keys = ['provider', 'model'] as const;
      const { rows, asOf, source } = await repository.figures({
        filter,
        keys,
        bucket: null,
        histograms: [],
      });
      const byModel = Map.groupBy(rows, ({ keys: [provider, model] }) => JSON.stringify([provider, model]));
      const models = [...byModel.values()].map((group) => ({
        provider: group[0]?.keys[0] ?? '',
        model: group[0]?.keys[1] ?? '',
        runCount: group.reduce((sum, { runCount }) => sum + runCount, 0),
      }));
      return {
        asOf,
        source,
        ...foldFigures(rows),
        models: models.toSorted((a, b) => b.runCount - a.runCount),
      };
    },

    compare: async ({ by, ...filter }) => {
      const { rows, keyCount, asOf, source } = await repository.figures({
        filter,
        keys: [by],
        bucket: null,
        histograms: ['latencyMs', 'firstTokenMs'],
        mostKeys: mostRows,
      });
      const groups = groupByKey(rows);
      return {
        asOf,
        source,
        by,
        rows: groups.map(([key, group]) => {
          const folded = foldFigures(group);
          return {
            key,
            ...folded,
            latencyMs: latencyFigures(group, 'latency', 0),
            firstTokenMs: latencyFigures(group, 'firstToken', 1),
            tokensPerSecond: tokensPerSecond(group),
            costPerSuccessUsd: costPerSuccess(folded),
          };
        }),
        omittedRowCount: keyCount - groups.length,
      };
    },

    timeseries: (query) => studyTimeseries(repository, query, now()),

    distribution: async ({ of, bins, ...filter }) => {
      const { rows, asOf, source } = await repository.figures({
        filter,
        keys: [],
        bucket: null,
        histograms: [of],
        detailed: false,
      });
      const histogram = mergeHistograms(rows);
      return {
        asOf,
        source,
        of,
        count: histogram.count,
        unknownCount: rows.reduce((sum, { runCount }) => sum + runCount, 0) - histogram.count,
        p50: quantileOf(histogram, 0.5),
        p95: quantileOf(histogram, 0.95),
        p99: quantileOf(histogram, 0.99),
        bins: histogram.bins(bins),
      };
    },

    recent: async ({ limit, ...filter }) => ({ data: [...(await repository.recentRuns(filter, limit))] }),

    counterfactual: async ({ targetProvider, targetModel, at: given, ...filter }) => {
      const at = given === undefined ? new Date(now()) : new Date(given);
      const names = [targetModel, familyOf(targetProvider, targetModel)].filter((name) => name !== null);
      const price = await createFindPrice(await repository.freshPrices())(targetProvider, names, at);
      const { rows, asOf, source } = await repository.figures({
        filter,
        keys: [],
        bucket: null,
        histograms: [],
      });
      return {
        asOf,
        source,
        provider: targetProvider,
        model: targetModel,
        at: at.toISOString(),
        priceId: price?.id ?? null,
        ...counterfactualCost(rows, price),
      };
    },

    versus: async (a, b, query) => {
      const paired = await repository.pairBatches(
        { batchId: a, targetIndex: query.targetA },
        { batchId: b, targetIndex: query.targetB },
      );
      if (paired === null)
        throw new AppError('not_found', 'There is no such batch, or no such target in it.');
      return compareBatches(paired, { a, b }, query);
    },

    ...createStudyUpkeep(repository, now),
  };
};
