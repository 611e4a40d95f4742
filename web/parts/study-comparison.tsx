import { axisX, dot, frame, link } from '@observablehq/plot';
import { useMemo } from 'react';
import type { InferenceFilter } from '../../src/contract/inference.ts';
import type {
  CompareQuery,
  StudyComparison as Comparison,
  StudyComparisonRow,
} from '../../src/contract/study.ts';
import { useComparison } from '../api/use-study.ts';
import type { CsvTable } from '../format/csv-text.ts';
import { formatEstimatedMs, formatEstimatedShare } from '../format/format-estimates.ts';
import { formatCount, formatRate, formatUsd } from '../format/format-values.ts';
import { Chart } from './chart.tsx';
import { ChoiceField } from './choice-field.tsx';
import { EmptyNotice, ErrorNotice, Loading } from './notices.tsx';

export type ComparedBy = CompareQuery['by'];
export const comparedBy: Readonly<Record<ComparedBy, string>> = {
  model: 'model',
  provider: 'provider',
  servedModel: 'served model',
  batch: 'batch',
};

const nameOf = ({ key }: StudyComparisonRow) => key ?? 'none';
/** More would be a wall. */
const drawnRows = 20;

const tableOf = (rows: readonly StudyComparisonRow[]): CsvTable => ({
  head: [
    'key',
    'runs',
    'success',
    'success_low',
    'success_high',
    'p50_ms',
    'p95_ms',
    'output_tokens_per_s',
    'cost_usd',
    'unknown_cost_runs',
    'cost_per_success_usd',
  ],
  rows: rows.map((row) => [
    row.key,
    row.runCount,
    row.successRate?.value ?? null,
    row.successRate?.low ?? null,
    row.successRate?.high ?? null,
    row.latencyMs?.p50.value ?? null,
    row.latencyMs?.p95.value ?? null,
    row.tokensPerSecond,
    row.costUsd,
    row.unknownCostCount,
    row.costPerSuccessUsd,
  ]),
});

const SuccessChart = ({ comparison }: { comparison: Comparison }) => {
  const options = useMemo(() => {
    const rows = comparison.rows
      .slice(0, drawnRows)
      .flatMap((row) => (row.successRate === null ? [] : [{ name: nameOf(row), ...row.successRate }]));
    return {
      height: 46 + rows.length * 26,
      marginLeft: 150,
      marginRight: 20,
      x: { domain: [0, 100], percent: true, label: 'Success, % with 95 % interval', grid: true },
      y: { label: null, domain: rows.map(({ name }) => name), type: 'band' as const },
      marks: [
        axisX({ ticks: 5 }),
        frame({ strokeOpacity: 0.15 }),
        link(rows, {
          x1: 'low',
          x2: 'high',
          y1: 'name',
          y2: 'name',
          stroke: 'currentColor',
          strokeOpacity: 0.5,
          strokeWidth: 2,
        }),
        dot(rows, { x: 'value', y: 'name', r: 4.5, fill: '#149b8c' }),
      ],
    };
  }, [comparison]);
  return (
    <Chart
      title={`Share of answered questions by ${comparedBy[comparison.by]}, with 95 % intervals`}
      name={`success-by-${comparison.by}`}
      options={options}
      table={tableOf(comparison.rows)}
    />
  );
};

type StudyComparisonProps = { filter: InferenceFilter; by: ComparedBy; onBy: (by: ComparedBy) => void };

/** Models, providers or batches side by side, each figure with how certain it is. */
export const StudyComparison = ({ filter, by, onBy }: StudyComparisonProps) => {
  const query = useComparison({ ...filter, by });
  const rows = query.data?.rows ?? [];
  return (
    <section className="card" aria-labelledby="comparison">
      <div className="card-head">
        <h2 id="comparison">Comparison</h2>
        <ChoiceField label="By" value={by} choices={comparedBy} onChange={onBy} />
      </div>
      {query.isPending && <Loading />}
      {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && rows.length === 0 && <EmptyNotice title="No run fits these filters" />}
      {query.data && rows.length > 0 && (
        <>
          <SuccessChart comparison={query.data} />
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <section className="table-box" tabIndex={0} aria-label="Comparison as a table">
            <table>
              <thead>
                <tr>
                  <th scope="col">{comparedBy[by]}</th>
                  <th scope="col" className="number">
                    Runs
                  </th>
                  <th scope="col" className="number">
                    Success, 95 %
                  </th>
                  <th scope="col" className="number">
                    Median latency, 95 %
                  </th>
                  <th scope="col" className="number">
                    p95
                  </th>
                  <th scope="col" className="number">
                    Output tokens
                  </th>
                  <th scope="col" className="number">
                    Cost
                  </th>
                  <th scope="col" className="number">
                    Per success
                  </th>
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={nameOf(row)}>
                    <td className="cell-name">{nameOf(row)}</td>
                    <td className="number">{formatCount(row.runCount)}</td>
                    <td className="number">{formatEstimatedShare(row.successRate)}</td>
                    <td className="number">{formatEstimatedMs(row.latencyMs?.p50)}</td>
                    <td className="number">{formatEstimatedMs(row.latencyMs?.p95)}</td>
                    <td className="number">{formatRate(row.tokensPerSecond)}</td>
                    <td className="number">{formatUsd(row.costUsd)}</td>
                    <td className="number">{formatUsd(row.costPerSuccessUsd)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
          {query.data.omittedRowCount > 0 && (
            <p className="quiet small">
              {formatCount(query.data.omittedRowCount)} more with fewer runs are left out.
            </p>
          )}
        </>
      )}
    </section>
  );
};
