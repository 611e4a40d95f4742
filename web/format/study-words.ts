import type {
  CompareQuery,
  DistributionQuery,
  StudyMeasure,
  TimeseriesQuery,
} from '../../src/contract/study.ts';
import { formatMs } from './format-estimates.ts';
import { formatNumber, formatUsd } from './format-values.ts';

// What can be chosen in a study, and how it is called.

export type ComparedBy = CompareQuery['by'];
export const comparedBy: Readonly<Record<ComparedBy, string>> = {
  model: 'model',
  provider: 'provider',
  servedModel: 'served model',
  batch: 'batch',
};

export const measures: Readonly<Record<StudyMeasure, string>> = {
  runs: 'runs',
  successRate: 'success, %',
  errorRate: 'errors, %',
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

export const buckets: Readonly<Record<TimeseriesQuery['bucket'], string>> = {
  hour: 'hour',
  day: 'day',
  week: 'week',
};

export const splits = { none: 'nothing', ...comparedBy } as const;

export const quantities: Readonly<Record<DistributionQuery['of'], string>> = {
  latencyMs: 'latency, ms',
  firstTokenMs: 'time to the first token, ms',
  inputTokens: 'input tokens',
  outputTokens: 'output tokens',
  costUsd: 'cost, USD',
};

/** For a drawing, where each value has its unit: `latency p95, ms` → `latency p95`. */
export const withoutUnit = (name: string): string => name.replace(/, (ms|USD|%)$/, '');

/** How a value is written whose name is one of those above: with its unit, as on an axis. Shares are percents there. */
export const formatFor = (name: string): ((value: number) => string) => {
  if (/Usd$/.test(name)) return (value) => formatUsd(value.toFixed(12));
  if (/Ms($|[A-Z])/.test(name)) return formatMs;
  if (/Rate$/.test(name)) return (value) => `${formatNumber(value)} %`;
  return formatNumber;
};

/** The key of `choices` that an address names, or another one. */
export const chosen = <Key extends string>(
  given: string | null,
  choices: Readonly<Record<Key, unknown>>,
  otherwise: NoInfer<Key>,
): Key => (given !== null && Object.hasOwn(choices, given) ? (given as Key) : otherwise);
