import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import { Money, Timestamp } from '../../contract/common.ts';
import { Outcome } from '../../contract/inference.ts';
import { sumsOfSums } from './rollup-columns.ts';
import { hourMs, studyPieces } from './study-pieces.ts';
import type { Figures, FiguresRequest, StudyKey } from './study-repository.ts';
import { histogramNames, needsRuns, rollupSource, runSource } from './study-sources.ts';

const Numeric = z.string().transform(Number);

const FigureRow = z.object({
  keys: z.array(z.string().nullable()),
  start: Timestamp.nullable(),
  outcome: Outcome.nullable(),
  /** Bits: 1 input and output known, 2 cached input, 4 reasoning, 8 cost. */
  usageClass: z.number().int(),
  runCount: z.number().int(),
  inputTokens: z.number().nullable(),
  cachedInputTokens: z.number().nullable(),
  outputTokens: z.number().nullable(),
  reasoningTokens: z.number().nullable(),
  costUsd: Money.nullable(),
  latencyCount: z.number().int(),
  latencyMs: Numeric.nullable(),
  latencyMsSquares: Numeric.nullable(),
  firstTokenCount: z.number().int(),
  firstTokenMs: Numeric.nullable(),
  firstTokenMsSquares: Numeric.nullable(),
  timedOutputTokens: z.number().nullable(),
  timedLatencyMs: Numeric.nullable(),
  /** Of the measures that were asked for, as `ValueHistogram.merge` reads them. */
  histograms: z.array(z.instanceof(Uint8Array).nullable()),
});
const CountedRow = FigureRow.extend({ keyCount: z.number().int() });
/** Sums over the runs of one combination of keys, bucket of time, outcome and what is known of their usage. */
export type FigureRow = z.infer<typeof FigureRow>;

const State = z.object({
  jit: z.string(),
  asOf: Timestamp,
  first: Timestamp.nullable(),
  last: Timestamp.nullable(),
  hasRollups: z.boolean(),
  changed: z.array(z.number()),
});

type State = z.infer<typeof State>;

const stateQuery = sql.type(State)`
  with pending as (select distinct hour from rollup_changes)
  select
    -- Compiling such a statement takes longer than running it.
    set_config('jit', 'off', true) as jit,
    case when pg_is_in_recovery() then coalesce(pg_last_xact_replay_timestamp(), now()) else now() end as "asOf",
    least(
      (select min(bucket_start) from run_rollups where level = 'hour'), (select min(hour) from pending)
    ) as first,
    greatest(
      (select max(bucket_start) from run_rollups where level = 'hour'), (select max(hour) from pending)
    ) as last,
    exists (select 1 from run_rollups) as "hasRollups",
    array(select extract(epoch from hour)::float8 * 1000 from pending) as changed`;

const columns = {
  provider: 'provider',
  model: 'model',
  servedModel: 'served_model',
  batch: 'batch_id',
} as const;

const columnOf = (key: StudyKey): FragmentSqlToken =>
  typeof key === 'string'
    ? sql.fragment`${sql.identifier([columns[key]])}::text`
    : sql.fragment`metadata_value`;

const comma = sql.fragment`, `;

/** Entry `kept` of a `with` that has `figure`: the values of its first key with most runs, and how many there are. */
const keptKeys = (most: number): FragmentSqlToken => sql.fragment`
  kept as materialized (
    select key_0, count(*) over () as key_count
    from figure group by key_0
    order by sum(run_count) desc, key_0 collate "C" nulls first
    limit ${most}
  )`;
const isKept = sql.fragment`(
  key_0 in (select key_0 from kept where key_0 is not null)
  or (key_0 is null and exists (select from kept where key_0 is null))
)`;

/** A window's end as epoch ms, rounded up. */
const toMs = (text: string | undefined): number | null =>
  text === undefined ? null : Date.parse(text) + (/\.\d{3}\d*[1-9]/.test(text) ? 1 : 0);

const readFigures = async (
  transaction: CommonQueryMethods,
  state: State,
  request: FiguresRequest,
): Promise<Figures> => {
  const { filter, keys } = request;
  const onlyRuns = needsRuns(request);
  const pieces = onlyRuns
    ? { rollups: [], raw: [] }
    : studyPieces({
        from: toMs(filter.from),
        to: toMs(filter.to),
        extent:
          state.first === null || state.last === null
            ? null
            : [Date.parse(state.first), Date.parse(state.last) + hourMs],
        changed: state.changed,
        coarsest: request.bucket ?? 'week',
      });
  const runs = onlyRuns || pieces.raw.length > 0 ? runSource(request, onlyRuns ? null : pieces.raw) : null;
  const isRolledUp = state.hasRollups && pieces.rollups.length > 0;
  const parts = [...(isRolledUp ? [rollupSource(request, pieces)] : []), ...(runs?.parts ?? [])];
  const source = runs === null ? 'rollup' : isRolledUp ? 'mixed' : 'raw';
  if (parts.length === 0) return { asOf: state.asOf, source, rows: [], keyCount: 0 };
  const names = keys.map((_, index) => sql.identifier([`key_${index}`]));
  const { detailed = true, mostKeys } = request;
  const isCut = mostKeys !== undefined && keys.length > 0;
  const histograms = histogramNames(request);
  const named = [
    ...keys.map((key, index) => sql.fragment`${columnOf(key)} as ${sql.identifier([`key_${index}`])}`),
    sql.fragment`start`,
    detailed
      ? sql.fragment`outcome, usage_class`
      : sql.fragment`null::text as outcome, 0::smallint as usage_class`,
  ];
  const grouped = [...names, detailed ? sql.fragment`start, outcome, usage_class` : sql.fragment`start`];
  const rows = await transaction.any(sql.type(CountedRow)`
    with run as materialized (
      ${runs?.run ?? sql.fragment`select`}
    ), part as (
      ${sql.join(parts, sql.fragment` union all `)}
    ), figure as (
      select ${sql.join(named, comma)},
        ${sql.join([sumsOfSums, ...histograms.map((column) => sql.fragment`string_agg(${column}, ''::bytea) as ${column}`)], comma)}
      from part
      group by ${sql.join(grouped, comma)}
    )
    ${isCut ? sql.fragment`, ${keptKeys(mostKeys)}` : sql.fragment``}
    select
      ${keys.length === 0 ? sql.fragment`'{}'::text[]` : sql.fragment`array[${sql.join(names, comma)}]`} as keys,
      start, outcome, usage_class as "usageClass",
      run_count as "runCount", input_tokens as "inputTokens", cached_input_tokens as "cachedInputTokens",
      output_tokens as "outputTokens", reasoning_tokens as "reasoningTokens", cost_usd as "costUsd",
      latency_count as "latencyCount", latency_ms as "latencyMs", latency_ms_squares as "latencyMsSquares",
      first_token_count as "firstTokenCount", first_token_ms as "firstTokenMs",
      first_token_ms_squares as "firstTokenMsSquares",
      timed_output_tokens as "timedOutputTokens", timed_latency_ms as "timedLatencyMs",
      ${histograms.length === 0 ? sql.fragment`'{}'::bytea[]` : sql.fragment`array[${sql.join(histograms, comma)}]`} as histograms,
      ${isCut ? sql.fragment`(select key_count from kept limit 1)` : sql.fragment`0`} as "keyCount"
    from figure
    where ${isCut ? isKept : sql.fragment`true`}`);
  return { asOf: state.asOf, source, rows, keyCount: rows[0]?.keyCount ?? 0 };
};

/**
 * Figures of the runs that a filter lets through. Wants a transaction of its own, which becomes one snapshot: the hours that
 * changed, the sums of the others and the runs of the changed ones are of one moment, so nothing is missing or counted twice.
 */
export const studyFigures = async (
  transaction: CommonQueryMethods,
  request: FiguresRequest,
): Promise<Figures> => {
  await transaction.query(sql.unsafe`set transaction isolation level repeatable read read only`);
  return readFigures(transaction, await transaction.one(stateQuery), request);
};
