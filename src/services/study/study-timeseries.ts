import type { StudyMeasure, StudyTimeseries, TimeseriesQuery } from '../../contract/study.ts';
import type { FigureRow } from '../../db/study/study-queries.ts';
import type { FiguresRequest, StudyKey, StudyRepository } from '../../db/study/study-repository.ts';
import { AppError } from '../../errors.ts';
import { costPerSuccess, foldFigures, groupByKey } from './fold-figures.ts';
import { meanTime, mergeHistograms, tokensPerSecond } from './latency-figures.ts';

const mostSeries = 20;
const mostBuckets = 500;
/** The database knows no year 0. */
const firstMoment = Date.parse('0001-01-01T00:00:00Z');
const bucketMs = { hour: 3_600_000, day: 86_400_000, week: 604_800_000 };

const quantiles = {
  latencyMsP50: ['latencyMs', 0.5],
  latencyMsP95: ['latencyMs', 0.95],
  latencyMsP99: ['latencyMs', 0.99],
  firstTokenMsP50: ['firstTokenMs', 0.5],
  firstTokenMsP95: ['firstTokenMs', 0.95],
  firstTokenMsP99: ['firstTokenMs', 0.99],
} as const satisfies Partial<Record<StudyMeasure, readonly [FiguresRequest['histograms'][number], number]>>;
const isQuantile = (measure: StudyMeasure): measure is keyof typeof quantiles => measure in quantiles;

/** Measures that ask for outcomes. */
const ofOutcomes: readonly StudyMeasure[] = ['successRate', 'errorRate', 'costPerSuccessUsd'];

const valueIn = (measure: StudyMeasure, rows: readonly FigureRow[]): number | string | null => {
  if (isQuantile(measure)) return mergeHistograms(rows).quantile(quantiles[measure][1]);
  switch (measure) {
    case 'latencyMsMean':
      return meanTime(rows, 'latency')?.value ?? null;
    case 'firstTokenMsMean':
      return meanTime(rows, 'firstToken')?.value ?? null;
    case 'tokensPerSecond':
      return tokensPerSecond(rows);
    case 'runs':
      return foldFigures(rows).runCount;
    case 'successRate':
    case 'errorRate':
      return foldFigures(rows)[measure]?.value ?? null;
    case 'costPerSuccessUsd':
      return costPerSuccess(foldFigures(rows));
    default:
      return foldFigures(rows)[measure];
  }
};

const keyOf = (split: string): StudyKey => {
  switch (split) {
    case 'provider':
    case 'model':
    case 'servedModel':
    case 'batch':
      return split;
    default:
      return { metadata: split.slice('metadata:'.length) };
  }
};

const tooMany = (): AppError => {
  const message = `more than ${mostBuckets} buckets; take a shorter window or longer buckets`;
  return new AppError('invalid_request', `That is ${message}.`, {
    faults: [{ pointer: '?bucket', message }],
  });
};

/** How a measure went over time. @throws {AppError} invalid_request for more than 500 buckets */
export const studyTimeseries = async (
  repository: Pick<StudyRepository, 'figures'>,
  { bucket, measure, split, ...filter }: TimeseriesQuery,
  now: number,
): Promise<StudyTimeseries> => {
  const width = bucketMs[bucket];
  const end = filter.to === undefined ? now : Date.parse(filter.to);
  // Without a beginning the last hours or days; weeks there are few of.
  const first = Math.max(firstMoment, Math.floor((end - (mostBuckets - 1) * width) / width) * width);
  const from = filter.from ?? (bucket === 'week' ? undefined : new Date(first).toISOString());
  if (from !== undefined && end - Date.parse(from) > mostBuckets * width) throw tooMany();
  const { rows, keyCount, asOf, source } = await repository.figures({
    filter: { ...filter, ...(from !== undefined && { from }) },
    keys: split === undefined ? [] : [keyOf(split)],
    bucket,
    histograms: isQuantile(measure) ? [quantiles[measure][0]] : [],
    mostKeys: mostSeries,
    detailed: ofOutcomes.includes(measure),
  });
  const groups = groupByKey(rows);
  return {
    asOf,
    source,
    bucket,
    measure,
    split: split ?? null,
    series: groups.map(([key, group]) => ({
      key,
      points: [...Map.groupBy(group, ({ start: at }) => at ?? '')]
        .toSorted(([left], [right]) => (left < right ? -1 : 1))
        .map(([at, inBucket]) => ({
          start: at,
          runCount: inBucket.reduce((sum, { runCount }) => sum + runCount, 0),
          value: valueIn(measure, inBucket),
        })),
    })),
    omittedSeriesCount: Math.max(0, keyCount - groups.length),
  };
};
