import { type FragmentSqlToken, sql } from 'slonik';
import type { InferenceFilter } from '../../contract/inference.ts';
import { allOf, filterConditions } from '../filter-conditions.ts';
import { inRanges } from './in-ranges.ts';
import {
  bucketOf,
  entryOf,
  histogramColumns,
  type Measured,
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

/** The columns of the histograms that are asked for. */
export const histogramNames = ({ histograms }: Pick<FiguresRequest, 'histograms'>): FragmentSqlToken[] =>
  histograms.map((measured) => sql.fragment`${sql.identifier([histogramColumns[measured].column])}`);

/** Rows of sums of the pieces, with the key's columns. */
export const rollupSource = (request: FiguresRequest, { rollups }: StudyPieces): FragmentSqlToken => {
  const { filter, bucket, keys } = request;
  const byBatch = filter.batchId !== undefined || keys.includes('batch');
  const start =
    bucket === null
      ? sql.fragment`null::timestamptz`
      : sql.fragment`date_trunc(${bucket}, u.bucket_start, 'UTC')`;
  return sql.fragment`
    select u.provider, u.model, u.served_model, u.batch_id, null::text as metadata_value,
      ${start} as start, u.outcome, u.usage_class, ${sql.join([sumNames, ...histogramNames(request)], comma)}
    from run_rollups as u
    where ${inPieces(rollups)} and u.by_batch = ${byBatch} and ${allOf(rollupConditions(filter))}`;
};

const comma = sql.fragment`, `;

type Dimensions = { selected: FragmentSqlToken; by(...more: FragmentSqlToken[]): FragmentSqlToken };

/** What sums of the runs are told apart by: what is asked for alone, because by everything they would be nearly as many as the runs. */
const runDimensions = ({ bucket, keys, detailed = true }: FiguresRequest): Dimensions => {
  const dimensions = [
    ['provider', 'text', keys.includes('provider')],
    ['model', 'text', keys.includes('model')],
    ['served_model', 'text', keys.includes('servedModel')],
    ['batch_id', 'uuid', keys.includes('batch')],
    ['metadata_value', 'text', keys.some((key) => typeof key !== 'string')],
    ['start', 'timestamptz', bucket !== null],
    ['outcome', 'text', detailed],
    ['usage_class', 'int2', detailed],
  ] as const;
  const selected = dimensions.map(([name, type, isAsked]) => {
    const column = sql.identifier([name]);
    return isAsked ? sql.fragment`${column}` : sql.fragment`null::${sql.identifier([type])} as ${column}`;
  });
  const asked = dimensions.flatMap(([name, , isAsked]) =>
    isAsked ? [sql.fragment`${sql.identifier([name])}`] : [],
  );
  return {
    selected: sql.fragment`${sql.join(selected, comma)}`,
    by: (...more) => {
      const all = [...asked, ...more];
      // Of no runs there is no row, whether or not anything is told apart.
      return all.length === 0
        ? sql.fragment`having count(*) > 0`
        : sql.fragment`group by ${sql.join(all, comma)}`;
    },
  };
};

/** The same of the runs themselves. `pieces` null: of all that the filter lets through. */
export const runSource = (
  request: FiguresRequest,
  pieces: readonly Range[] | null,
): { run: FragmentSqlToken; parts: FragmentSqlToken[] } => {
  const { filter, bucket, histograms, keys } = request;
  const metadataKey = keys.find((key) => typeof key !== 'string');
  const metadataValue =
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
    select ${metadataValue} as metadata_value, ${start} as start, ${runColumns}
    from inference_runs as r
    where ${allOf(conditions)}`;
  const { selected, by } = runDimensions(request);
  const entry = entryOf(sql.fragment`bucket`, sql.fragment`times`);
  /** Rows with sums, or with one of the histograms. */
  const part = (sums: FragmentSqlToken, own: Measured | null, bytes: FragmentSqlToken) => {
    const columns = histograms.map((measured) => {
      const column = sql.identifier([histogramColumns[measured].column]);
      return measured === own ? sql.fragment`${bytes} as ${column}` : sql.fragment`null::bytea as ${column}`;
    });
    return sql.fragment`select ${sql.join([selected, sums, ...columns], comma)}`;
  };
  return {
    run,
    parts: [
      sql.fragment`${part(runSums, null, sql.fragment``)} from run ${by()}`,
      ...histograms.map((measured) => {
        const value = sql.fragment`${sql.identifier([histogramColumns[measured].value])}::float8`;
        return sql.fragment`
          ${part(noSums, measured, sql.fragment`string_agg(${entry}, ''::bytea)`)}
          from (
            select ${selected}, ${bucketOf(value)} as bucket, count(*) as times
            from run where ${value} is not null ${by(sql.fragment`bucket`)}
          ) as counted
          ${by()}`;
      }),
    ],
  };
};
