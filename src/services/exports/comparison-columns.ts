import { Outcome } from '../../contract/inference.ts';
import type { LatencyFigures, Share, StudyComparisonRow } from '../../contract/study.ts';
import { csvTextCell } from './csv-text-cell.ts';

/** A column of a CSV file: its name, and its cell as it stands in the file; null is an empty cell. */
export type CsvColumn<Row> = readonly [name: string, cell: (row: Row) => string | number | null];

const shareColumns = (
  name: string,
  shareOf: (row: StudyComparisonRow) => Share | null,
): CsvColumn<StudyComparisonRow>[] => [
  [name, (row) => shareOf(row)?.value ?? null],
  [`${name}_low`, (row) => shareOf(row)?.low ?? null],
  [`${name}_high`, (row) => shareOf(row)?.high ?? null],
];

const latencyColumns = (
  name: string,
  figuresOf: (row: StudyComparisonRow) => LatencyFigures | null,
): CsvColumn<StudyComparisonRow>[] => [
  [`${name}_count`, (row) => figuresOf(row)?.count ?? null],
  ...(['mean', 'p50', 'p95', 'p99'] as const).flatMap((figure): CsvColumn<StudyComparisonRow>[] => [
    [`${name}_${figure}`, (row) => figuresOf(row)?.[figure].value ?? null],
    [`${name}_${figure}_low`, (row) => figuresOf(row)?.[figure].low ?? null],
    [`${name}_${figure}_high`, (row) => figuresOf(row)?.[figure].high ?? null],
  ]),
];

/** One fact a column: models, providers or batches side by side. */
export const comparisonColumns: readonly CsvColumn<StudyComparisonRow>[] = [
  ['key', ({ key }) => csvTextCell(key)],
  ['run_count', ({ runCount }) => runCount],
  ['sending_count', ({ sendingCount }) => sendingCount],
  ...Outcome.options.map(
    (outcome): CsvColumn<StudyComparisonRow> => [
      `${outcome}_count`,
      ({ outcomeCounts }) => outcomeCounts[outcome] ?? 0,
    ],
  ),
  ...shareColumns('success_rate', ({ successRate }) => successRate),
  ...shareColumns('error_rate', ({ errorRate }) => errorRate),
  ['input_tokens', ({ inputTokens }) => inputTokens],
  ['cached_input_tokens', ({ cachedInputTokens }) => cachedInputTokens],
  ['output_tokens', ({ outputTokens }) => outputTokens],
  ['reasoning_tokens', ({ reasoningTokens }) => reasoningTokens],
  ['unknown_tokens_count', ({ unknownTokensCount }) => unknownTokensCount],
  ['tokens_per_second', ({ tokensPerSecond }) => tokensPerSecond],
  ['cost_usd', ({ costUsd }) => costUsd],
  ['unknown_cost_count', ({ unknownCostCount }) => unknownCostCount],
  ['cost_per_success_usd', ({ costPerSuccessUsd }) => costPerSuccessUsd],
  ...latencyColumns('latency_ms', ({ latencyMs }) => latencyMs),
  ...latencyColumns('first_token_ms', ({ firstTokenMs }) => firstTokenMs),
];
