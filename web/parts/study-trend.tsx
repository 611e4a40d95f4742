import { dot, lineY, ruleY } from '@observablehq/plot';
import { useCallback, useState } from 'react';
import type { StudyTimeseries } from '../../src/contract/study.ts';
import { useBatchNames } from '../api/use-batch-names.ts';
import { useTimeseries } from '../api/use-study.ts';
import { colourAt, mostLines } from '../format/chart-colours.ts';
import { formatUnit } from '../format/format-values.ts';
import { buckets, chosen, formatFor, measures, splits, withoutUnit } from '../format/study-words.ts';
import { Chart } from './chart.tsx';
import { ChoiceField } from './choice-field.tsx';
import { Field } from './field.tsx';
import { EmptyNotice, ErrorNotice, Loading } from './notices.tsx';
import type { StudyPartProps } from './study-comparison.tsx';

const tagPrefix = 'metadata:';
const splitNames = { ...splits, tag: 'a tag of the metadata' } as const;

type Series = StudyTimeseries['series'][number];
type TrendChartProps = { trend: StudyTimeseries; nameOf: (series: Series) => string };

/** Of the lines that are drawn: those with the most runs come first. */
const pointsOf = ({ series }: StudyTimeseries) =>
  series
    .slice(0, mostLines)
    .flatMap(({ points }, index) =>
      points.flatMap(({ start, runCount, value }) =>
        value === null ? [] : [{ index, at: new Date(start), runCount, value: Number(value) }],
      ),
    );
type Point = ReturnType<typeof pointsOf>[number];

const TrendChart = ({ trend, nameOf }: TrendChartProps) => {
  const { measure, bucket, series } = trend;
  const isShare = measure === 'successRate' || measure === 'errorRate';
  const names = series.map(nameOf);
  const format = formatFor(measure);
  const name = withoutUnit(measures[measure]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: names follow from the trend and the naming
  const optionsAt = useCallback(
    (width: number) => {
      const points = pointsOf(trend);
      const titleOf = ({ index, at, value, runCount }: Point) =>
        `${names[index]}\n${at.toISOString().slice(0, 16).replace('T', ' ')} UTC\n${format(
          isShare ? value * 100 : value,
        )} (${formatUnit(runCount, 'run')})`;
      return {
        height: 300,
        marginLeft: 64,
        marginRight: 20,
        x: { label: null, type: 'utc' as const, ticks: width < 500 ? 4 : 10 },
        y: {
          label: name,
          grid: true,
          ...(isShare ? { domain: [0, 100], percent: true } : { zero: true, nice: true }),
          tickFormat: format,
        },
        marks: [
          ruleY([0], { strokeOpacity: 0.4 }),
          lineY(points, {
            ...{ x: 'at', y: 'value', z: 'index', strokeWidth: 2 },
            stroke: ({ index }: Point) => colourAt(index),
          }),
          dot(points, {
            ...{ x: 'at', y: 'value', r: 3.5, title: titleOf },
            fill: ({ index }: Point) => colourAt(index),
          }),
        ],
        // The colours are given as they are.
        color: { type: 'identity' as const },
      };
    },
    [trend, nameOf],
  );
  return (
    <Chart
      title={`${name} by the ${bucket} (UTC)`}
      name={`${measure}-by-${bucket}`}
      optionsAt={optionsAt}
      legend={
        series.length > 1
          ? names.slice(0, mostLines).map((name, index) => ({ name, colour: colourAt(index) }))
          : []
      }
      table={{
        head: ['series', 'name', 'start', 'runs', measure],
        rows: series.flatMap((each, index) =>
          each.points.map(({ start, runCount, value }) => [
            each.key,
            names[index] ?? null,
            start,
            runCount,
            value,
          ]),
        ),
      }}
    />
  );
};

/** One measure over time. */
export const StudyTrend = ({ filter, search, onChoose }: StudyPartProps) => {
  const measure = chosen(search.get('measure'), measures, 'runs');
  const bucket = chosen(search.get('bucket'), buckets, search.get('window') === '24h' ? 'hour' : 'day');
  const given = search.get('split') ?? 'none';
  const tag = given.startsWith(tagPrefix) ? given.slice(tagPrefix.length) : null;
  const [wantsTag, setWantsTag] = useState(tag !== null);
  const [typedTag, setTypedTag] = useState(tag ?? '');
  const split = tag !== null || wantsTag ? 'tag' : chosen(given, splits, 'none');
  const asked = split === 'tag' ? tag && given : split;
  const query = useTimeseries({
    ...filter,
    bucket,
    measure,
    ...(asked && asked !== 'none' && { split: asked }),
  });
  const batchName = useBatchNames(split === 'batch');
  const shownSplit = query.data?.split ?? null;
  const nameOf = useCallback(
    ({ key }: Series) => {
      if (shownSplit === null) return 'all';
      if (key === null) return shownSplit === 'batch' ? 'in no batch' : 'without';
      return shownSplit === 'batch' ? batchName(key) : key;
    },
    [shownSplit, batchName],
  );
  const chooseTag = () => onChoose({ split: typedTag.trim() === '' ? '' : `${tagPrefix}${typedTag.trim()}` });
  return (
    <section className="card" aria-labelledby="trend">
      <div className="card-head">
        <h2 id="trend">Trend</h2>
        <div className="row">
          <ChoiceField
            label="Measure"
            value={measure}
            choices={measures}
            onChange={(next) => onChoose({ measure: next })}
          />
          <ChoiceField
            label="By the"
            value={bucket}
            choices={buckets}
            onChange={(next) => onChoose({ bucket: next })}
          />
          <ChoiceField
            label="Split by"
            value={split}
            choices={splitNames}
            onChange={(next) => {
              setWantsTag(next === 'tag');
              onChoose({ split: next === 'tag' || next === 'none' ? '' : next });
            }}
          />
          {split === 'tag' && (
            <Field label="Tag">
              {(control) => (
                <input
                  {...control}
                  placeholder="name of the tag"
                  value={typedTag}
                  onChange={({ target }) => setTypedTag(target.value)}
                  onBlur={chooseTag}
                  onKeyDown={({ key }) => key === 'Enter' && chooseTag()}
                />
              )}
            </Field>
          )}
        </div>
      </div>
      {query.isPending && <Loading />}
      {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.data &&
        (pointsOf(query.data).length === 0 ? (
          <EmptyNotice title="Nothing is known of this" />
        ) : (
          <TrendChart trend={query.data} nameOf={nameOf} />
        ))}
      {query.data !== undefined && query.data.series.length > mostLines && (
        <p className="quiet small">
          Drawn are the {mostLines} with the most runs. The CSV has {query.data.series.length}
          {query.data.omittedSeriesCount > 0 && `; ${query.data.omittedSeriesCount} others are left out`}.
        </p>
      )}
    </section>
  );
};
