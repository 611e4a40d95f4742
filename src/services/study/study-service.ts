import type { InferenceFilter } from '../../contract/inference.ts';
import type { CreatePrice, ListPricesQuery, Price, PricePage } from '../../contract/price.ts';
import type { RecostReport, RecostRuns } from '../../contract/recost.ts';
import type {
  CheckRollupsQuery,
  RebuildRollups,
  RebuiltRollups,
  RollupCheck,
} from '../../contract/rollup.ts';
import type {
  CompareQuery,
  Counterfactual,
  CounterfactualQuery,
  DistributionQuery,
  RecentQuery,
  RecentRuns,
  StudyComparison,
  StudyDistribution,
  StudySummary,
  StudyTimeseries,
  TimeseriesQuery,
} from '../../contract/study.ts';
import type { BatchVersus, VersusQuery } from '../../contract/study-versus.ts';

/** Figures of recorded runs. Every one is complete and of one moment, whether or not its runs have been added up. */
export type StudyService = {
  summary(filter: InferenceFilter): Promise<StudySummary>;
  compare(query: CompareQuery): Promise<StudyComparison>;
  /** @throws {AppError} invalid_request for more than 500 buckets */
  timeseries(query: TimeseriesQuery): Promise<StudyTimeseries>;
  distribution(query: DistributionQuery): Promise<StudyDistribution>;
  recent(query: RecentQuery): Promise<RecentRuns>;
  counterfactual(query: CounterfactualQuery): Promise<Counterfactual>;
  /** @throws {AppError} not_found */
  versus(a: string, b: string, query: VersusQuery): Promise<BatchVersus>;

  /** Adds up hours that are over and have changed, for some seconds at most. @returns how many hours */
  rollUp(): Promise<number>;
  /** Adds up whatever has changed or not, for a minute at most. */
  rebuildRollups(window: RebuildRollups): Promise<RebuiltRollups>;
  /** Compares for a minute at most. @throws {AppError} invalid_request for a window of more than 31 days */
  checkRollups(window: CheckRollupsQuery): Promise<RollupCheck>;
};

/** The book of prices, and costs by it. */
export type PriceService = {
  list(query: ListPricesQuery): Promise<PricePage>;
  /** @throws {AppError} conflict where it would change what was in force */
  add(price: CreatePrice): Promise<Price>;
  /** Computes costs anew by the prices that were in force; twice is as good as once. */
  recost(request: RecostRuns): Promise<RecostReport>;
};
