import { rectY, ruleX, ruleY, text } from '@observablehq/plot';
import { useCallback } from 'react';
import type { StudyDistribution as Distribution, Estimate } from '../../src/contract/study.ts';
import { useDistribution } from '../api/use-study.ts';
import { colourAt } from '../format/chart-colours.ts';
import { formatInterval } from '../format/format-estimates.ts';
import { formatCount, formatUnit, unknown } from '../format/format-values.ts';
import { chosen, formatFor, quantities, withoutUnit } from '../format/study-words.ts';
import { Chart } from './chart.tsx';
import { ChoiceField } from './choice-field.tsx';
import { EmptyNotice, ErrorNotice, Loading } from './notices.tsx';
import { StatTiles } from './stat-list.tsx';
import type { StudyPartProps } from './study-comparison.tsx';

const binCount = 40;
/** From the top down: the line of each begins below the labels of those to its right. */
const marked = ['p99', 'p95', 'p50'] as const;
/** Each label stands on a line of its own, so that none covers another however close they are. */
const labelLinePx = 14;
/** Room for a label of the scale. */
const labelPx = 58;

const labelChoices = [
  [1, 2, 3, 4, 5, 6, 7, 8, 9],
  [1, 2, 3, 5],
  [1, 2, 5],
  [1, 3],
];
/** Between neighbours of a decade, as a part of it. */
const narrowestGap = (digits: readonly number[]) =>
  Math.min(...digits.map((digit, index) => Math.log10((digits[index + 1] ?? 10) / digit)));

/** Which ticks of a scale of ratios get a label: as many as there is room for. */
const labelledTicks = (width: number, decades: number): ((value: number) => boolean) => {
  const decadePx = width / decades;
  const digits = labelChoices.find((each) => narrowestGap(each) * decadePx >= labelPx) ?? [1];
  // Where there is no room for a label a decade, one of a few decades has one.
  const everyDecade = Math.max(1, Math.ceil(labelPx / decadePx));
  return (value) => {
    const decade = Math.floor(Math.log10(value) + 1e-9);
    return digits.includes(Math.round(value / 10 ** decade)) && decade % everyDecade === 0;
  };
};

/** Values on a scale of ratios, on which 0 has no place. */
const drawnBins = ({ bins }: Distribution) => bins.filter(({ from, to }) => from > 0 && to > from);

const DistributionChart = ({ distribution }: { distribution: Distribution }) => {
  const { of, count } = distribution;
  const optionsAt = useCallback(
    (width: number) => {
      const format = formatFor(distribution.of);
      const bins = drawnBins(distribution);
      const ends = bins.flatMap(({ from, to }) => [from, to]);
      const [least, most] = [Math.min(...ends), Math.max(...ends)];
      /** To the left of it a label has no room on its left. */
      const leftPart = least * (most / least) ** 0.3;
      const isLabelled = labelledTicks(width - 80, Math.log10(most / least));
      const marks = marked.flatMap((name, line) => {
        const value = distribution[name]?.value ?? 0;
        return value <= 0 ? [] : [{ label: `${name} ${format(value)}`, value, line }];
      });
      return {
        height: 300,
        marginLeft: 56,
        marginBottom: 40,
        marginTop: 16 + marked.length * labelLinePx,
        x: {
          type: 'log' as const,
          label: withoutUnit(quantities[distribution.of]),
          labelAnchor: 'center' as const,
          tickFormat: (value: number) => (isLabelled(value) ? format(value) : ''),
        },
        y: { label: 'runs', grid: true },
        marks: [
          rectY(bins, {
            ...{ x1: 'from', x2: 'to', y: 'count', fill: colourAt(0), fillOpacity: 0.75 },
            title: ({ from, to, count: inBin }) =>
              `${format(from)} to ${format(to)}: ${formatUnit(inBin, 'run')}`,
          }),
          ...marks.flatMap((mark) => [
            ruleX([mark], {
              ...{ x: 'value', strokeDasharray: '4 3', strokeOpacity: 0.7 },
              insetTop: (mark.line - marked.length) * labelLinePx,
            }),
            text([mark], {
              ...{ x: 'value', text: 'label', frameAnchor: 'top' as const },
              ...(mark.value > leftPart
                ? { textAnchor: 'end' as const, dx: -4 }
                : { textAnchor: 'start' as const, dx: 4 }),
              dy: (mark.line - marked.length) * labelLinePx,
            }),
          ]),
          ruleY([0], { strokeOpacity: 0.4 }),
        ],
      };
    },
    [distribution],
  );
  return (
    <Chart
      title={`Distribution of ${withoutUnit(quantities[of])} over ${formatUnit(count, 'run')}, on a scale of ratios`}
      name={`distribution-of-${of}`}
      optionsAt={optionsAt}
      table={{
        head: ['from', 'to', 'runs'],
        rows: distribution.bins.map(({ from, to, count: inBin }) => [from, to, inBin]),
      }}
    />
  );
};

const quantileStat = (label: string, estimate: Estimate | null, format: (value: number) => string) => ({
  label,
  value: estimate === null ? unknown : format(estimate.value),
  note: `95 %: ${formatInterval(estimate, format) ?? 'too few runs'}`,
});

/** How a quantity is spread, on a scale of ratios. */
export const StudyDistribution = ({ filter, search, onChoose }: StudyPartProps) => {
  const of = chosen(search.get('of'), quantities, 'latencyMs');
  const query = useDistribution({ ...filter, of, bins: binCount });
  const zeros = query.data?.bins.find(({ from, to }) => from === to || to <= 0)?.count ?? 0;
  return (
    <section className="card" aria-labelledby="distribution">
      <div className="card-head">
        <h2 id="distribution">Distribution</h2>
        <ChoiceField label="Of" value={of} choices={quantities} onChange={(next) => onChoose({ of: next })} />
      </div>
      {query.isPending && <Loading />}
      {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.data &&
        (query.data.count - zeros === 0 ? (
          <EmptyNotice title={zeros > 0 ? `All ${formatCount(zeros)} are 0` : 'Nothing is known of this'} />
        ) : (
          <>
            <StatTiles
              stats={[
                quantileStat('Median', query.data.p50, formatFor(query.data.of)),
                quantileStat('p95', query.data.p95, formatFor(query.data.of)),
                quantileStat('p99', query.data.p99, formatFor(query.data.of)),
              ]}
            />
            <DistributionChart distribution={query.data} />
            {(zeros > 0 || query.data.unknownCount > 0) && (
              <p className="quiet small">
                {zeros > 0 && `${formatUnit(zeros, 'run')} at 0 are not drawn. `}
                {query.data.unknownCount > 0 && `Unknown for ${formatUnit(query.data.unknownCount, 'run')}.`}
              </p>
            )}
          </>
        ))}
    </section>
  );
};
