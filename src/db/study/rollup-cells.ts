import { type FragmentSqlToken, sql } from 'slonik';
import { inRanges } from './in-ranges.ts';
import {
  bucketOf,
  dimensions,
  eachHistogram,
  entryOf,
  noSums,
  runColumns,
  runSums,
  sumNames,
  sumsOfSums,
} from './rollup-columns.ts';
import type { Range } from './study-pieces.ts';

const noHistograms = eachHistogram((column) => sql.fragment`null::bytea as ${column}`);
const namesOfHistograms = eachHistogram((column) => column);
/** As they are in memory: a long value is stored apart and compressed, and would be fetched again for each byte that is read of it. */
const wholeHistograms = eachHistogram((column) => sql.fragment`${column} || ''::bytea as ${column}`);

/** Rows `bucket_start, dimensions, measured, bucket, times` to one row with all histograms for each combination, canonical: in order of buckets. */
const histogramsOf = (counted: FragmentSqlToken): FragmentSqlToken => sql.fragment`
  select bucket_start, ${dimensions}, ${noSums}, ${eachHistogram(
    (column, measured) => sql.fragment`
      string_agg(entry, ''::bytea order by bucket) filter (where measured = ${measured}) as ${column}`,
  )}
  from (
    select bucket_start, ${dimensions}, measured, bucket,
      ${entryOf(sql.fragment`bucket`, sql.fragment`sum(times)`)} as entry
    from (${counted}) as counted
    group by bucket_start, ${dimensions}, measured, bucket
  ) as entries
  group by bucket_start, ${dimensions}`;

const merged = (sums: FragmentSqlToken, histograms: FragmentSqlToken): FragmentSqlToken => sql.fragment`
  select bucket_start, ${dimensions}, ${sumsOfSums}, ${eachHistogram(
    (column) => sql.fragment`string_agg(${column}, ''::bytea) as ${column}`,
  )}
  from (${sums} union all ${histograms}) as part
  group by bucket_start, ${dimensions}`;

/** A select: the rows that the hours of these ranges have to have, from the runs themselves. */
export const hourCells = (ranges: readonly Range[]): FragmentSqlToken => sql.fragment`
  with run as materialized (
    select date_trunc('hour', r.created_at, 'UTC') as bucket_start, ${runColumns}
    from inference_runs as r
    where ${inRanges(sql.fragment`r.created_at`, ranges)}
  ), counted_run as materialized (
    select bucket_start, provider, model, served_model, outcome, family.by_batch,
      case when family.by_batch then batch_id end as batch_id, usage_class,
      input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, cost_usd, latency_ms,
      first_token_ms
    from run cross join (values (true), (false)) as family (by_batch)
  )
  ${merged(
    sql.fragment`
      select bucket_start, ${dimensions}, ${runSums}, ${noHistograms}
      from counted_run group by bucket_start, ${dimensions}`,
    histogramsOf(sql.fragment`
      select bucket_start, ${dimensions}, measured, ${bucketOf(sql.fragment`value`)} as bucket, 1 as times
      from counted_run cross join lateral (values
        ('latencyMs', latency_ms), ('firstTokenMs', first_token_ms), ('inputTokens', input_tokens::float8),
        ('outputTokens', output_tokens::float8), ('costUsd', cost_usd::float8)
      ) as v (measured, value)
      where value is not null`),
  )}`;

/** Reads an entry of a stored histogram; `at` counts entries from 0. */
const storedBucket = sql.fragment`
  ((((get_byte(bytes, at * 6) << 8) | get_byte(bytes, at * 6 + 1)) # 32768) - 32768)::int2`;
const storedCount = sql.fragment`
  ((get_byte(bytes, at * 6 + 2)::bigint << 24) | (get_byte(bytes, at * 6 + 3) << 16)
    | (get_byte(bytes, at * 6 + 4) << 8) | get_byte(bytes, at * 6 + 5))`;

/** A select: the rows that the days or weeks of these ranges have to have, from the level below. */
export const coarserCells = (
  level: 'day' | 'week',
  ranges: readonly Range[],
): FragmentSqlToken => sql.fragment`
  with cell as materialized (
    select date_trunc(${level}, u.bucket_start, 'UTC') as bucket_start,
      ${dimensions}, ${sumNames}, ${wholeHistograms}
    from run_rollups as u
    where u.level = ${level === 'day' ? 'hour' : 'day'} and ${inRanges(sql.fragment`u.bucket_start`, ranges)}
  )
  ${merged(
    sql.fragment`
      select bucket_start, ${dimensions}, ${sumNames}, ${noHistograms} from cell`,
    histogramsOf(sql.fragment`
      select bucket_start, ${dimensions}, measured, ${storedBucket} as bucket, ${storedCount} as times
      from cell
      cross join lateral (values ${eachHistogram(
        (column, measured) => sql.fragment`(${measured}, ${column})`,
      )}) as v (measured, bytes)
      cross join lateral generate_series(0, length(bytes) / 6 - 1) as at`),
  )}`;

/** The columns of such a select after the level, for an insert. */
export const cellNames: FragmentSqlToken = sql.fragment`
  bucket_start, ${dimensions}, ${sumNames}, ${namesOfHistograms}`;
