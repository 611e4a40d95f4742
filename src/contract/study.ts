import { z } from 'zod';
import { Id, ModelName, Money, ProviderName, Timestamp } from './common.ts';
import { InferenceFilter, Outcome } from './inference.ts';

/** Of what, and how fresh, figures are. */
const asOf = {
  /** The moment whose state they tell. */
  asOf: Timestamp,
  /** Whether they were read from sums, from the runs, or both; the figures are complete either way. */
  source: z.enum(['rollup', 'raw', 'mixed']),
};
const Count = z.number().int();
const OutcomeCounts = z.partialRecord(Outcome, Count);

export const Estimate = z
  .object({ value: z.number(), low: z.number().nullable(), high: z.number().nullable() })
  .meta({
    id: 'Estimate',
    description: 'A value with its 95 % interval; null where the sample is too small for one.',
  });
export type Estimate = z.infer<typeof Estimate>;

export const Share = z
  .object({ count: Count, of: Count, value: z.number(), low: z.number(), high: z.number() })
  .meta({ id: 'Share', description: 'A share with its 95 % interval (Wilson).' });
export type Share = z.infer<typeof Share>;

const sums = {
  runCount: Count,
  /** Sums over what is known; null: nothing is. */
  inputTokens: Count.nullable(),
  cachedInputTokens: Count.nullable(),
  outputTokens: Count.nullable(),
  reasoningTokens: Count.nullable(),
  /** Runs whose input or output is unknown. */
  unknownTokensCount: Count,
  costUsd: Money.nullable(),
  /** Runs whose cost is unknown: `costUsd` leaves them out. */
  unknownCostCount: Count,
  outcomeCounts: OutcomeCounts,
  /** Runs that are still being sent. */
  sendingCount: Count,
  /** `ok`, of those that were asked and have an outcome; null: none. */
  successRate: Share.nullable(),
  /** `provider_error`, `timeout` and `unknown_outcome`, of the same. */
  errorRate: Share.nullable(),
};

export const StudySummary = z
  .object({
    ...asOf,
    ...sums,
    models: z.array(z.object({ provider: z.string(), model: z.string(), runCount: Count })),
  })
  .meta({ id: 'StudySummary' });
export type StudySummary = z.infer<typeof StudySummary>;

export const LatencyFigures = z
  .object({ count: Count, mean: Estimate, p50: Estimate, p95: Estimate, p99: Estimate })
  .meta({
    id: 'LatencyFigures',
    description: 'In ms. Quantiles are exact to within 1 %; their intervals come from order statistics.',
  });
export type LatencyFigures = z.infer<typeof LatencyFigures>;

export const StudyComparisonRow = z
  .object({
    /** null: runs without it, such as those outside of batches. */
    key: z.string().nullable(),
    ...sums,
    latencyMs: LatencyFigures.nullable(),
    /** To the first token of streamed runs; null: none is known. */
    firstTokenMs: LatencyFigures.nullable(),
    /** Output tokens over time, of the runs where both are known. */
    tokensPerSecond: z.number().nullable(),
    /** Known cost of all runs over the number of successes. */
    costPerSuccessUsd: Money.nullable(),
  })
  .meta({ id: 'StudyComparisonRow' });
export type StudyComparisonRow = z.infer<typeof StudyComparisonRow>;

const by = z.enum(['provider', 'model', 'servedModel', 'batch']);

export const StudyComparison = z
  .object({ ...asOf, by, rows: z.array(StudyComparisonRow), omittedRowCount: Count })
  .meta({ id: 'StudyComparison', description: 'Most runs first, at most 200 rows.' });
export type StudyComparison = z.infer<typeof StudyComparison>;

const bucket = z.enum(['hour', 'day', 'week']);
const measure = z.enum([
  'runs',
  'successRate',
  'errorRate',
  'costUsd',
  'costPerSuccessUsd',
  'inputTokens',
  'cachedInputTokens',
  'outputTokens',
  'reasoningTokens',
  'tokensPerSecond',
  'latencyMsMean',
  'latencyMsP50',
  'latencyMsP95',
  'latencyMsP99',
  'firstTokenMsMean',
  'firstTokenMsP50',
  'firstTokenMsP95',
  'firstTokenMsP99',
]);
export type StudyMeasure = z.infer<typeof measure>;

export const StudyTimeseries = z
  .object({
    ...asOf,
    bucket,
    measure,
    split: z.string().nullable(),
    series: z.array(
      z.object({
        key: z.string().nullable(),
        /** Buckets with runs. `value`: a decimal string for money; null: unknown. */
        points: z.array(
          z.object({ start: Timestamp, runCount: Count, value: z.union([z.number(), Money]).nullable() }),
        ),
      }),
    ),
    omittedSeriesCount: Count,
  })
  .meta({
    id: 'StudyTimeseries',
    description: 'In UTC; weeks begin on Monday. At most 20 series, most runs first.',
  });
export type StudyTimeseries = z.infer<typeof StudyTimeseries>;

const of = z.enum(['latencyMs', 'firstTokenMs', 'inputTokens', 'outputTokens', 'costUsd']);

export const StudyDistribution = z
  .object({
    ...asOf,
    of,
    count: Count,
    unknownCount: Count,
    p50: Estimate.nullable(),
    p95: Estimate.nullable(),
    p99: Estimate.nullable(),
    /** Bins of equal ratio; each holds values above `from`, up to `to`. The first may be the zeros alone. */
    bins: z.array(z.object({ from: z.number(), to: z.number(), count: Count })),
  })
  .meta({ id: 'StudyDistribution' });
export type StudyDistribution = z.infer<typeof StudyDistribution>;

export const RecentRun = z
  .object({
    id: Id,
    status: z.enum(['sending', 'settled']),
    outcome: Outcome.nullable(),
    provider: z.string(),
    model: z.string(),
    servedModel: z.string().nullable(),
    batchId: Id.nullable(),
    latencyMs: z.number().nullable(),
    costUsd: Money.nullable(),
    createdAt: Timestamp,
    /** Its first 200 characters. */
    prompt: z.string(),
  })
  .meta({ id: 'RecentRun' });
export type RecentRun = z.infer<typeof RecentRun>;

export const RecentRuns = z.object({ data: z.array(RecentRun) }).meta({ id: 'RecentRuns' });
export type RecentRuns = z.infer<typeof RecentRuns>;

export const Counterfactual = z
  .object({
    ...asOf,
    provider: z.string(),
    model: z.string(),
    /** Whose price is taken: the one in force at this moment. */
    at: Timestamp,
    /** null: no price is known. */
    priceId: Id.nullable(),
    runCount: Count,
    pricedCount: Count,
    /** Runs whose usage is unknown, or not known as exactly as the price asks for. */
    unpricedCount: Count,
    /** What the priced runs would have cost; null: none could be priced. */
    costUsd: Money.nullable(),
    /** The priced runs of which the real cost is known too. */
    compared: z.object({
      runCount: Count,
      costUsd: Money.nullable(),
      actualCostUsd: Money.nullable(),
    }),
  })
  .meta({ id: 'Counterfactual' });
export type Counterfactual = z.infer<typeof Counterfactual>;

export const StudyFilter = InferenceFilter;
export const CompareQuery = InferenceFilter.extend({ by });
export type CompareQuery = z.infer<typeof CompareQuery>;
export const TimeseriesQuery = InferenceFilter.extend({
  bucket,
  measure,
  /** `metadata:KEY`: the values of an entry of the metadata. */
  split: z
    .string()
    .regex(
      /^(provider|model|servedModel|batch|metadata:[^:\0]{1,100})$/,
      'provider, model, servedModel, batch or metadata:KEY',
    )
    .optional(),
});
export type TimeseriesQuery = z.infer<typeof TimeseriesQuery>;
export const DistributionQuery = InferenceFilter.extend({
  of,
  bins: z.coerce.number().int().min(2).max(200).default(40),
});
export type DistributionQuery = z.infer<typeof DistributionQuery>;
export const RecentQuery = InferenceFilter.extend({
  limit: z.coerce.number().int().min(1).max(100).default(20),
});
export type RecentQuery = z.infer<typeof RecentQuery>;
export const CounterfactualQuery = InferenceFilter.extend({
  targetProvider: ProviderName,
  targetModel: ModelName,
  at: Timestamp.optional(),
});
export type CounterfactualQuery = z.infer<typeof CounterfactualQuery>;
