import { axisX, axisY, dot, frame, link } from '@observablehq/plot';
import { useCallback } from 'react';
import { Link } from 'wouter';
import type { InferenceFilter } from '../../src/contract/inference.ts';
import type { Estimate, StudyComparisonRow } from '../../src/contract/study.ts';
import { useBatchNames } from '../api/use-batch-names.ts';
import { useComparison } from '../api/use-study.ts';
import { colourAt } from '../format/chart-colours.ts';
import {
  type ComparisonFigureName,
  comparisonFigures,
  comparisonTable,
  figureNames,
} from '../format/comparison-figures.ts';
import { formatInterval, formatMs, formatPercent } from '../format/format-estimates.ts';
import { formatCount, formatRate, formatUsd, unknown } from '../format/format-values.ts';
import { chosen, comparedBy, formatFor, withoutUnit } from '../format/study-words.ts';
import { Chart } from './chart.tsx';
import { ChoiceField } from './choice-field.tsx';
import { EmptyNotice, ErrorNotice, Loading } from './notices.tsx';

type Row = StudyComparisonRow;
type Naming = { nameOf: (row: Row) => string };

/** More would be a wall. */
const drawnRows = 20;
const rowPx = 28;
const characterPx = 6.8;
const tickPx = 75;

/** Names on at most two fifths of the width, the end of longer ones left out. */
const shorten = (name: string, px: number) => {
  const room = Math.floor(px / characterPx) - 2;
  return name.length <= room ? name : `${name.slice(0, room - 1)}…`;
};

type ComparisonChartProps = Naming & { rows: readonly Row[]; figure: ComparisonFigureName; by: string };

const ComparisonChart = ({ rows, figure, by, nameOf }: ComparisonChartProps) => {
  const { name: unitName, of, ...kind } = comparisonFigures[figure];
  const name = withoutUnit(unitName);
  const isShare = 'percent' in kind;
  const drawn = rows.slice(0, drawnRows).flatMap((row) => {
    const estimate: Estimate | null = of(row);
    return estimate === null ? [] : [{ key: row.key ?? '', name: nameOf(row), ...estimate }];
  });
  const withInterval = drawn.filter(({ low, high }) => low !== null && high !== null);
  const format = formatFor(figure);
  const titleOf = ({ name: rowName, value, low, high }: (typeof drawn)[number]) => {
    const scaled = (each: number) => format(isShare ? each * 100 : each);
    const interval = low === null || high === null ? '' : `\n95 %: ${scaled(low)} to ${scaled(high)}`;
    return `${rowName}\n${scaled(value)}${interval}`;
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: all of it follows from the rows, the figure and the names
  const optionsAt = useCallback(
    (width: number) => {
      const longest = Math.max(...drawn.map((row) => row.name.length));
      const marginLeft = Math.min(width * 0.4, (longest + 2) * characterPx);
      const names = new Map(drawn.map((row) => [row.key, shorten(row.name, marginLeft)]));
      return {
        height: 60 + drawn.length * rowPx,
        marginBottom: 40,
        marginLeft,
        marginRight: 24,
        x: {
          ...(isShare ? { domain: [0, 100], percent: true } : { zero: true, nice: true }),
          grid: true,
        },
        y: { label: null, domain: drawn.map(({ key }) => key), type: 'band' as const },
        marks: [
          axisX({
            ...{
              ticks: Math.max(2, Math.floor((width - marginLeft) / tickPx)),
              tickFormat: formatFor(figure),
            },
            ...{
              label: withInterval.length > 0 ? `${name}, with 95 % intervals` : name,
              labelAnchor: 'center',
            },
          }),
          axisY({ tickFormat: (key: string) => names.get(key) ?? key, tickSize: 0 }),
          frame({ strokeOpacity: 0.15 }),
          link(withInterval, {
            ...{ x1: 'low', x2: 'high', y1: 'key', y2: 'key' },
            ...{
              stroke: 'currentColor',
              strokeOpacity: 0.45,
              strokeWidth: 3,
              strokeLinecap: 'round' as const,
            },
          }),
          dot(drawn, { x: 'value', y: 'key', r: 4, fill: colourAt(0), title: titleOf }),
        ],
      };
    },
    [rows, figure, nameOf],
  );
  if (drawn.length === 0) return <EmptyNotice title="Nothing is known of this" />;
  return (
    <Chart
      title={`${name} by ${by}`}
      name={`${figure}-by-${by.replaceAll(' ', '-')}`}
      optionsAt={optionsAt}
      table={comparisonTable(rows, nameOf)}
    />
  );
};

const EstimateCell = ({
  of,
  format,
}: {
  of: Estimate | null | undefined;
  format: (value: number) => string;
}) => (
  <td className="number">
    {of === null || of === undefined ? unknown : format(of.value)}
    <div className="quiet small">{formatInterval(of, format)}</div>
  </td>
);

const ComparisonTable = ({ rows, by, nameOf }: Naming & { rows: readonly Row[]; by: string }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
  <section className="table-box" tabIndex={0} aria-label="Comparison as a table">
    <table className="figures">
      <thead>
        <tr>
          <th scope="col">{by}</th>
          {['Runs', 'Success', 'Median latency', 'p95', 'Output', 'Cost', 'Per success'].map((head) => (
            <th key={head} scope="col" className="number">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.key}>
            <td className="cell-name">
              {by === comparedBy.batch && row.key !== null ? (
                <Link href={`/batches/${row.key}`}>{nameOf(row)}</Link>
              ) : (
                nameOf(row)
              )}
            </td>
            <td className="number">{formatCount(row.runCount)}</td>
            <EstimateCell of={row.successRate} format={formatPercent} />
            <EstimateCell of={row.latencyMs?.p50} format={formatMs} />
            <EstimateCell of={row.latencyMs?.p95} format={formatMs} />
            <td className="number">{formatRate(row.tokensPerSecond, 'tokens')}</td>
            <td className="number">{formatUsd(row.costUsd)}</td>
            <td className="number">{formatUsd(row.costPerSuccessUsd)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
);

export type StudyPartProps = {
  filter: InferenceFilter;
  /** What is chosen stands in the address. */
  search: URLSearchParams;
  onChoose: (changes: Record<string, string>) => void;
};

/** Models, providers or batches side by side, each figure with how certain it is. */
export const StudyComparison = ({ filter, search, onChoose }: StudyPartProps) => {
  const by = chosen(search.get('by'), comparedBy, 'model');
  const figure = chosen(search.get('figure'), comparisonFigures, 'successRate');
  const query = useComparison({ ...filter, by });
  const batchName = useBatchNames(by === 'batch');
  const rows = query.data?.rows ?? [];
  const shownBy = query.data?.by ?? by;
  const nameOf = ({ key }: Row) => {
    if (key === null) return shownBy === 'batch' ? 'in no batch' : 'unknown';
    return shownBy === 'batch' ? batchName(key) : key;
  };
  return (
    <section className="card" aria-labelledby="comparison">
      <div className="card-head">
        <h2 id="comparison">Comparison</h2>
        <div className="row">
          <ChoiceField
            label="Figure"
            value={figure}
            choices={figureNames}
            onChange={(next) => onChoose({ figure: next })}
          />
          <ChoiceField
            label="By"
            value={by}
            choices={comparedBy}
            onChange={(next) => onChoose({ by: next })}
          />
        </div>
      </div>
      {query.isPending && <Loading />}
      {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && rows.length === 0 && <EmptyNotice title="No run fits these filters" />}
      {rows.length > 0 && (
        <>
          <ComparisonChart rows={rows} figure={figure} by={comparedBy[shownBy]} nameOf={nameOf} />
          <ComparisonTable rows={rows} by={comparedBy[shownBy]} nameOf={nameOf} />
          <p className="quiet small">
            Below a figure: its 95 % interval.
            {rows.length > drawnRows && ` Drawn are the ${drawnRows} with the most runs.`}
            {(query.data?.omittedRowCount ?? 0) > 0 &&
              ` ${formatCount(query.data?.omittedRowCount)} more with fewer runs are left out.`}
          </p>
        </>
      )}
    </section>
  );
};
