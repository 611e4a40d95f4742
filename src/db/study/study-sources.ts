import { type FragmentSqlToken, sql } from 'slonik';
import type { InferenceFilter } from '../../contract/inference.ts';
import { allOf, filterConditions } from '../filter-conditions.ts';
import { inRanges } from './in-ranges.ts';
import {
  bucketOf,
  entryOf,
  histogramColumns,
  noSums,
  runColumns,
  runSums,
  sumNames,
} from './rollup-columns.ts';
import type { Range, RollupPiece, StudyPieces } from './study-pieces.ts';
import type { FiguresRequest } from './study-repository.ts';

/** What sums cannot tell, because they don't know texts and metadata. */
export const needsRuns = ({ filter, keys }: FiguresRequest): boolean =>
  filter.text !== undefined || filter.metadata !== undefined || keys.some((key) => typeof key !== 'string');

const rollupConditions = (filter: InferenceFilter): FragmentSqlToken[] => {
  const conditions: FragmentSqlToken[] = [];
  if (filter.provider !== undefined) conditions.push(sql.fragment`u.provider = ${filter.provider}`);
  if (filter.model !== undefined) conditions.push(sql.fragment`u.model = ${filter.model}`);
  if (filter.outcome !== undefined) conditions.push(sql.fragment`u.outcome = ${filter.outcome}`);
  if (filter.status !== undefined) {
    conditions.push(sql.fragment`(u.outcome is null) = ${filter.status === 'sending'}`);
  }
  if (filter.batchId !== undefined) conditions.push(sql.fragment`u.batch_id = ${filter.batchId}`);
  return conditions;
};

/** Sums whose runs lie in one of the pieces. */
const inPieces = (pieces: readonly RollupPiece[]): FragmentSqlToken => {
  const conditions = [...Map.groupBy(pieces, ({ level }) => level)].map(([level, ofLevel]) => {
    const ranges = ofLevel.map(({ range }) => range);
    return sql.fragment`(u.level = ${level} and ${inRanges(sql.fragment`u.bucket_start`, ranges)})`;
  });
  return sql.fragment`(${sql.join(conditions, sql.fragment` or `)})`;
};

/** Rows of sums of the pieces, with the key's columns. */
export const rollupSource = (
  { filter, bucket, histogram, keys }: FiguresRequest,
  { rollups }: StudyPieces,
): FragmentSqlToken => {
  const byBatch = filter.batchId !== undefined || keys.includes('batch');
  const bytes =
    histogram === null
      ? sql.fragment`null::bytea`
      : sql.fragment`u.${sql.identifier([histogramColumns[histogram].column])}`;
  const start =
    bucket === null
      ? sql.fragment`null::timestamptz`
      : sql.fragment`date_trunc(${bucket}, u.bucket_start, 'UTC')`;
  return sql.fragment`
    select u.provider, u.model, u.served_model, u.batch_id, null::text as metadata_value,
      ${start} as start, u.outcome, u.usage_class, ${sumNames}, ${bytes} as histogram
    from run_rollups as u
    where ${inPieces(rollups)} and u.by_batch = ${byBatch} and ${allOf(rollupConditions(filter))}`;
};

const rawDimensions = sql.fragment`provider, model, served_model, batch_id, metadata_value, start, outcome, usage_class`;

/** The same of the runs themselves. `pieces` null: of all that the filter lets through. */
export const runSource = (
  request: FiguresRequest,
  pieces: readonly Range[] | null,
): { run: FragmentSqlToken; parts: FragmentSqlToken[] } => {
  const { filter, bucket, histogram, keys } = request;
  const metadataKey = keys.find((key) => typeof key !== 'string');
  const value =
    metadataKey === undefined
      ? sql.fragment`null::text`
      : sql.fragment`r.metadata ->> ${metadataKey.metadata}`;
  const start =
    bucket === null
      ? sql.fragment`null::timestamptz`
      : sql.fragment`date_trunc(${bucket}, r.created_at, 'UTC')`;
  const conditions = filterConditions(filter);
  if (pieces !== null) conditions.push(inRanges(sql.fragment`r.created_at`, pieces));
  const run = sql.fragment`
    select ${value} as metadata_value, ${start} as start, ${runColumns}
    from inference_runs as r
    where ${allOf(conditions)}`;
  const sums = sql.fragment`
    select ${rawDimensions}, ${runSums}, null::bytea as histogram from run group by ${rawDimensions}`;
  if (histogram === null) return { run, parts: [sums] };
  const measured = sql.fragment`${sql.identifier([histogramColumns[histogram].value])}::float8`;
  const entry = entryOf(sql.fragment`bucket`, sql.fragment`times`);
  return {
    run,
    parts: [
      sums,
      sql.fragment`
        select ${rawDimensions}, ${noSums}, string_agg(${entry}, ''::bytea) as histogram
        from (
          select ${rawDimensions}, ${bucketOf(measured)} as bucket, count(*) as times
          from run where ${measured} is not null group by ${rawDimensions}, bucket
        ) as counted
        group by ${rawDimensions}`,
    ],
  };
};
