import type { Estimate, StudyComparisonRow } from '../../src/contract/study.ts';
import type { CsvTable } from './csv-text.ts';

type Row = StudyComparisonRow;
/** `percent`: its values are shares. */
type ComparisonFigure = { name: string; percent?: boolean; of: (row: Row) => Estimate | null };

/** What has no interval, such as a quotient of sums. */
const exact = (value: number | string | null): Estimate | null =>
  value === null ? null : { value: Number(value), low: null, high: null };

/** What models, providers or batches can be compared by, in a drawing. */
export const comparisonFigures = {
  successRate: { name: 'success, %', percent: true, of: (row) => row.successRate },
  errorRate: { name: 'errors, %', percent: true, of: (row) => row.errorRate },
  latencyMsP50: { name: 'median latency, ms', of: (row) => row.latencyMs?.p50 ?? null },
  latencyMsP95: { name: 'latency p95, ms', of: (row) => row.latencyMs?.p95 ?? null },
  latencyMsP99: { name: 'latency p99, ms', of: (row) => row.latencyMs?.p99 ?? null },
  latencyMsMean: { name: 'mean latency, ms', of: (row) => row.latencyMs?.mean ?? null },
  firstTokenMsP50: { name: 'median time to the first token, ms', of: (row) => row.firstTokenMs?.p50 ?? null },
  tokensPerSecond: { name: 'output tokens a second', of: (row) => exact(row.tokensPerSecond) },
  costPerSuccessUsd: { name: 'cost of a success, USD', of: (row) => exact(row.costPerSuccessUsd) },
  costUsd: { name: 'cost, USD', of: (row) => exact(row.costUsd) },
  runs: { name: 'runs', of: (row) => exact(row.runCount) },
} satisfies Record<string, ComparisonFigure>;
export type ComparisonFigureName = keyof typeof comparisonFigures;

export const figureNames = Object.fromEntries(
  Object.entries(comparisonFigures).map(([key, { name }]) => [key, name]),
) as Record<ComparisonFigureName, string>;

/** All figures of a comparison, one a column, intervals beside their values. */
export const comparisonTable = (rows: readonly Row[], nameOf: (row: Row) => string): CsvTable => {
  const estimates = Object.entries<ComparisonFigure>(comparisonFigures).filter(
    ([key]) => key !== 'costUsd' && key !== 'runs' && key !== 'costPerSuccessUsd',
  );
  return {
    head: [
      ...['key', 'name', 'runs', 'input_tokens', 'output_tokens', 'unknown_tokens_runs'],
      ...['cost_usd', 'unknown_cost_runs', 'cost_per_success_usd'],
      ...estimates.flatMap(([key]) => [key, `${key}_low`, `${key}_high`]),
    ],
    rows: rows.map((row) => [
      ...[row.key, nameOf(row), row.runCount, row.inputTokens, row.outputTokens, row.unknownTokensCount],
      // Money stays the decimal that it is.
      ...[row.costUsd, row.unknownCostCount, row.costPerSuccessUsd],
      ...estimates.flatMap(([, figure]) => {
        const estimate = figure.of(row);
        return [estimate?.value ?? null, estimate?.low ?? null, estimate?.high ?? null];
      }),
    ]),
  };
};
