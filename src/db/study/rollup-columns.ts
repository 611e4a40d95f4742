import { type FragmentSqlToken, sql } from 'slonik';

/** Buckets of the histograms grow by this factor, so that a value is told to within 1 %; see `statistics/value-histogram.ts`. */
const logGamma = Math.log(1.01 / 0.99);
const smallestValue = 1e-9;

/** What a run counts as one of: each combination has a row in every bucket of time. */
export const dimensions: FragmentSqlToken = sql.fragment`
  provider, model, served_model, outcome, by_batch, batch_id, usage_class`;

/** How values are stored whose distribution can be asked for. */
export const histogramColumns = {
  latencyMs: { column: 'latency_histogram', value: 'latency_ms' },
  firstTokenMs: { column: 'first_token_histogram', value: 'first_token_ms' },
  inputTokens: { column: 'input_tokens_histogram', value: 'input_tokens' },
  outputTokens: { column: 'output_tokens_histogram', value: 'output_tokens' },
  costUsd: { column: 'cost_usd_histogram', value: 'cost_usd' },
} as const;
export type Measured = keyof typeof histogramColumns;
export const measuredNames = Object.keys(histogramColumns) as Measured[];

/**
 * The columns of `inference_runs as r` that figures are made of. A count that contradicts its whole is as good as unknown, and of
 * what a provider calls its model as much counts as an index can hold.
 */
export const runColumns: FragmentSqlToken = sql.fragment`
  r.provider, r.model, left(r.served_model, 200) as served_model, r.outcome, r.batch_id,
  ((case when r.input_tokens is not null and r.output_tokens is not null then 1 else 0 end)
    + (case when coalesce(r.cached_input_tokens, case when r.usage_estimated then 0 end) <= r.input_tokens
      then 2 else 0 end)
    + (case when coalesce(r.reasoning_tokens, case when r.usage_estimated then 0 end) <= r.output_tokens
      then 4 else 0 end)
    + (case when r.cost_usd is not null then 8 else 0 end))::smallint as usage_class,
  r.input_tokens, r.cached_input_tokens, r.output_tokens, r.reasoning_tokens, r.cost_usd, r.latency_ms,
  r.first_token_ms`;

/** Sums over rows of `runColumns`, in the order of `sumNames`. Through numeric, because sums of floats depend on their order. */
export const runSums: FragmentSqlToken = sql.fragment`
  count(*) as run_count,
  sum(input_tokens)::bigint as input_tokens,
  sum(cached_input_tokens)::bigint as cached_input_tokens,
  sum(output_tokens)::bigint as output_tokens,
  sum(reasoning_tokens)::bigint as reasoning_tokens,
  sum(cost_usd) as cost_usd,
  count(latency_ms) as latency_count,
  sum(latency_ms::numeric) as latency_ms,
  sum((latency_ms * latency_ms)::numeric) as latency_ms_squares,
  count(first_token_ms) as first_token_count,
  sum(first_token_ms::numeric) as first_token_ms,
  sum((first_token_ms * first_token_ms)::numeric) as first_token_ms_squares,
  sum(output_tokens) filter (where latency_ms is not null)::bigint as timed_output_tokens,
  sum(latency_ms::numeric) filter (where output_tokens is not null) as timed_latency_ms`;

export const sumNames: FragmentSqlToken = sql.fragment`
  run_count, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, cost_usd,
  latency_count, latency_ms, latency_ms_squares, first_token_count, first_token_ms, first_token_ms_squares,
  timed_output_tokens, timed_latency_ms`;

/** Sums over rows that are sums themselves. */
export const sumsOfSums: FragmentSqlToken = sql.fragment`
  sum(run_count)::bigint as run_count,
  sum(input_tokens)::bigint as input_tokens,
  sum(cached_input_tokens)::bigint as cached_input_tokens,
  sum(output_tokens)::bigint as output_tokens,
  sum(reasoning_tokens)::bigint as reasoning_tokens,
  sum(cost_usd) as cost_usd,
  sum(latency_count)::bigint as latency_count,
  sum(latency_ms) as latency_ms,
  sum(latency_ms_squares) as latency_ms_squares,
  sum(first_token_count)::bigint as first_token_count,
  sum(first_token_ms) as first_token_ms,
  sum(first_token_ms_squares) as first_token_ms_squares,
  sum(timed_output_tokens)::bigint as timed_output_tokens,
  sum(timed_latency_ms) as timed_latency_ms`;

/** The sums of rows that only carry histograms. */
export const noSums: FragmentSqlToken = sql.fragment`
  0 as run_count, null::bigint as input_tokens, null::bigint as cached_input_tokens,
  null::bigint as output_tokens, null::bigint as reasoning_tokens, null::numeric as cost_usd,
  0 as latency_count, null::numeric as latency_ms, null::numeric as latency_ms_squares,
  0 as first_token_count, null::numeric as first_token_ms, null::numeric as first_token_ms_squares,
  null::bigint as timed_output_tokens, null::numeric as timed_latency_ms`;

/** Index of the bucket that a value ≥ 0 falls into. */
export const bucketOf = (value: FragmentSqlToken): FragmentSqlToken => sql.fragment`
  (case when ${value} <= ${smallestValue}::float8 then -32768
    else least(32767, ceil(ln(${value}) / ${logGamma}::float8)) end)::int2`;

/** One entry of a histogram, as it is stored. */
export const entryOf = (bucket: FragmentSqlToken, count: FragmentSqlToken): FragmentSqlToken =>
  sql.fragment`(int2send(${bucket}) || int4send((${count})::int4))`;

const comma = sql.fragment`, `;

/** `a, b, c` of all histogram columns, each made by `of`. */
export const eachHistogram = (
  of: (column: FragmentSqlToken, measured: Measured) => FragmentSqlToken,
): FragmentSqlToken => {
  const parts = measuredNames.map((measured) => {
    const column = sql.fragment`${sql.identifier([histogramColumns[measured].column])}`;
    return of(column, measured);
  });
  return sql.fragment`${sql.join(parts, comma)}`;
};
