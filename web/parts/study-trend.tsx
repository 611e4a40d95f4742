import { dot, lineY, ruleY, text } from '@observablehq/plot';
import { useMemo, useState } from 'react';
import type { InferenceFilter } from '../../src/contract/inference.ts';
import type { StudyMeasure, StudyTimeseries, TimeseriesQuery } from '../../src/contract/study.ts';
import { useTimeseries } from '../api/use-study.ts';
import { Chart } from './chart.tsx';
import { ChoiceField } from './choice-field.tsx';
import { EmptyNotice, ErrorNotice, Loading } from './notices.tsx';

const measures: Readonly<Record<StudyMeasure, string>> = {
  runs: 'runs',
  successRate: 'success, share',
  errorRate: 'errors, share',
  costUsd: 'cost, USD',
  costPerSuccessUsd: 'cost of a success, USD',
  inputTokens: 'input tokens',
  cachedInputTokens: 'cached input tokens',
  outputTokens: 'output tokens',
  reasoningTokens: 'reasoning tokens',
  tokensPerSecond: 'output tokens a second',
  latencyMsMean: 'mean latency, ms',
  latencyMsP50: 'median latency, ms',
  latencyMsP95: 'latency p95, ms',
  latencyMsP99: 'latency p99, ms',
  firstTokenMsMean: 'mean time to the first token, ms',
  firstTokenMsP50: 'median time to the first token, ms',
  firstTokenMsP95: 'time to the first token p95, ms',
  firstTokenMsP99: 'time to the first token p99, ms',
};
const buckets = { hour: 'hour', day: 'day', week: 'week' } as const;
const splits = {
  none: 'nothing',
  provider: 'provider',
  model: 'model',
  servedModel: 'served model',
  batch: 'batch',
} as const;

/** Colours that are told apart in light and dark, and by most eyes. */
const colours = ['#149b8c', '#d9822b', '#5b8def', '#c2507d', '#8a9a2a', '#8b6fd6', '#5f6b7a', '#b5534a'];

const pointsOf = ({ series }: StudyTimeseries) =>
  series.flatMap(({ key, points }) =>
    points.flatMap(({ start, value }) =>
      value === null ? [] : [{ key: key ?? 'all', at: new Date(start), value: Number(value) }],
    ),
  );

const TrendChart = ({ trend }: { trend: StudyTimeseries }) => {
  const options = useMemo(() => {
    const points = pointsOf(trend);
    const isSplit = trend.series.length > 1;
    return {
      height: 300,
      marginLeft: 60,
      marginRight: isSplit ? 110 : 20,
      x: { label: null, type: 'utc' as const },
      y: { label: measures[trend.measure], grid: true, zero: true, nice: true },
      color: { range: colours },
      marks: [
        ruleY([0], { strokeOpacity: 0.4 }),
        lineY(points, { x: 'at', y: 'value', stroke: 'key', strokeWidth: 2 }),
        dot(points, { x: 'at', y: 'value', fill: 'key', r: 3 }),
        ...(isSplit
          ? [text(lastOf(points), { x: 'at', y: 'value', text: 'key', dx: 8, textAnchor: 'start' as const })]
          : []),
      ],
    };
  }, [trend]);
  return (
    <Chart
      title={`${measures[trend.measure]} by the ${trend.bucket} (UTC)`}
      name={`${trend.measure}-by-${trend.bucket}`}
      options={options}
      table={{
        head: ['series', 'start', 'runs', trend.measure],
        rows: trend.series.flatMap(({ key, points }) =>
          points.map(({ start, runCount, value }) => [key, start, runCount, value]),
        ),
      }}
    />
  );
};

/** The latest point of each series, where its name is written. */
const lastOf = (points: ReturnType<typeof pointsOf>) => [
  ...new Map(
    points.toSorted((a, b) => a.at.getTime() - b.at.getTime()).map((point) => [point.key, point]),
  ).values(),
];

/** One measure over time. */
export const StudyTrend = ({ filter }: { filter: InferenceFilter }) => {
  const [measure, setMeasure] = useState<StudyMeasure>('runs');
  const [bucket, setBucket] = useState<TimeseriesQuery['bucket']>('day');
  const [split, setSplit] = useState<keyof typeof splits>('none');
  const query = useTimeseries({ ...filter, bucket, measure, ...(split !== 'none' && { split }) });
  return (
    <section className="card" aria-labelledby="trend">
      <h2 id="trend">Trend</h2>
      <div className="fields">
        <ChoiceField label="Measure" value={measure} choices={measures} onChange={setMeasure} />
        <ChoiceField label="By the" value={bucket} choices={buckets} onChange={setBucket} />
        <ChoiceField label="Split by" value={split} choices={splits} onChange={setSplit} />
      </div>
      {query.isPending && <Loading />}
      {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.data &&
        (pointsOf(query.data).length === 0 ? (
          <EmptyNotice title="Nothing is known of this" />
        ) : (
          <TrendChart trend={query.data} />
        ))}
    </section>
  );
};
