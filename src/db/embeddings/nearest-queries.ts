import { type CommonQueryMethods, type FragmentSqlToken, sql } from 'slonik';
import { z } from 'zod';
import { Inference, type InferenceFilter } from '../../contract/inference.ts';
import { mostCountedRepeats } from '../../contract/search.ts';
import { allOf, filterConditions } from '../filter-conditions.ts';
import { inferenceFields } from '../runs/inference-fields.ts';
import { vectorText } from './call-queries.ts';
import type { FoundPrompt, NearestRequest } from './meaning-repository.ts';

/**
 * How many candidates a walk through the index keeps. Of 50,000 prompts with 1,536 dimensions 100 find 95 % of the nearest ten,
 * 200 97.5 %, 400 99 %, in 3, 5 and 8 ms (bench/results.md): 300 leaves room for larger collections.
 */
const candidates = 300;
/** Where a filter throws most candidates away the walk goes on, over so many vectors at most. */
const mostWalked = 40_000;
/** Up to so many vectors, each is compared: exact, and no slower than a walk that a filter makes long (20 ms for 4,000). */
const mostCompared = 4000;
/** An index in full precision goes no further. */
const longestVector = 2000;

const Nearest = z.object({ promptId: z.number().int(), distance: z.number() });
type Nearest = z.infer<typeof Nearest>;
const Found = Inference.extend({ similarity: z.number(), repeatCount: z.number().int() });
const Sizes = z.object({ isLarge: z.boolean(), isBroad: z.boolean() });

const settled = (filter: InferenceFilter): FragmentSqlToken =>
  sql.fragment`r.status = 'settled' and ${allOf(filterConditions(filter))}`;

/** Joined to prompts: whether a settled inference that the filter keeps has asked it. As a loop, so that the order stays. */
const askedBy = (filter: InferenceFilter): FragmentSqlToken => sql.fragment`
  cross join lateral (
    select from prompt_runs as p join inference_runs as r on r.id = p.run_id
    where p.prompt_id = e.prompt_id and ${settled(filter)}
    limit 1
  ) as asked`;

const isFiltered = ({ filter }: NearestRequest): boolean => filterConditions(filter).length > 0;

const besides = ({ exceptPromptId = null }: NearestRequest): FragmentSqlToken =>
  exceptPromptId === null ? sql.fragment`true` : sql.fragment`e.prompt_id <> ${exceptPromptId}`;

/** Whether there are more vectors than `most`, and more inferences that the filter keeps; neither is counted further. */
const countUpTo = (
  connection: CommonQueryMethods,
  { space, filter }: NearestRequest,
  most: number,
): Promise<z.infer<typeof Sizes>> => {
  const isMore = (rows: FragmentSqlToken) =>
    sql.fragment`(select count(*) > ${most} from (${rows} limit ${most + 1}) as counted)`;
  return connection.one(sql.type(Sizes)`
    select
      ${isMore(sql.fragment`select from prompt_embeddings where space_id = ${space.id}`)} as "isLarge",
      ${isMore(sql.fragment`select from inference_runs as r where ${settled(filter)}`)} as "isBroad"`);
};

/** In the words of the space's index, which is in half precision where vectors are too long for another. */
const indexedDistance = ({ space: { dimensions }, vector }: NearestRequest): FragmentSqlToken =>
  dimensions <= longestVector
    ? sql.fragment`vector(e.embedding, ${dimensions}::int4, true) <=> ${vectorText(vector)}::vector`
    : sql.fragment`vector_to_halfvec(e.embedding, ${dimensions}::int4, true) <=> ${vectorText(vector)}::halfvec`;

/**
 * By the space's index, which is ordered by nearly the same distance: each step back is mended by the outer sort. The planner
 * knows neither that vectors are stored outside of their rows nor what comparing them costs; the settings tell it. What they
 * add to the cost of the outer sort must not look like a reason to compile the statement.
 */
export const nearestByIndex = (request: NearestRequest): FragmentSqlToken => sql.fragment`
  select prompt_id as "promptId", distance
  from (
    select
      e.prompt_id,
      ${indexedDistance(request)} as distance
    from prompt_embeddings as e
    ${isFiltered(request) ? askedBy(request.filter) : sql.fragment``}
    where e.space_id = ${request.space.id} and ${besides(request)}
    order by distance
    limit ${request.limit}
  ) as walked
  order by distance + 0, prompt_id`;

export const indexSettings: FragmentSqlToken = sql.fragment`
  select
    set_config('hnsw.ef_search', ${String(candidates)}, true),
    set_config('hnsw.iterative_scan', 'relaxed_order', true),
    set_config('hnsw.max_scan_tuples', ${String(mostWalked)}, true),
    set_config('enable_seqscan', 'off', true),
    set_config('enable_sort', 'off', true),
    set_config('jit', 'off', true)`;

/** Compares with every vector that the filter keeps, from the inferences' side. Without the index's length no index fits. */
const nearestOfKept = (request: NearestRequest): FragmentSqlToken => sql.fragment`
  with kept as materialized (
    select distinct p.prompt_id
    from inference_runs as r join prompt_runs as p on p.run_id = r.id
    where ${settled(request.filter)}
  )
  select e.prompt_id as "promptId", e.embedding <=> ${vectorText(request.vector)}::vector as distance
  from kept join prompt_embeddings as e on e.prompt_id = kept.prompt_id
  where e.space_id = ${request.space.id} and ${besides(request)}
  order by distance, e.prompt_id
  limit ${request.limit}`;

/** The same from the side of a small collection. */
const nearestOfAll = (request: NearestRequest): FragmentSqlToken => sql.fragment`
  select e.prompt_id as "promptId", e.embedding <=> ${vectorText(request.vector)}::vector as distance
  from prompt_embeddings as e ${askedBy(request.filter)}
  where e.space_id = ${request.space.id} and ${besides(request)}
  order by distance, e.prompt_id
  limit ${request.limit}`;

/**
 * The nearest prompts: all are compared where there are few, or the filter keeps few; otherwise by the index, and when a walk
 * finds too few after all, by comparing what the filter keeps. So it is never silently too few.
 */
const nearestPrompts = async (
  connection: CommonQueryMethods,
  request: NearestRequest,
  most: number,
): Promise<readonly Nearest[]> => {
  const compare = (query: FragmentSqlToken) => connection.any(sql.type(Nearest)`${query}`);
  const { isLarge, isBroad } = await countUpTo(connection, request, most);
  if (!isLarge) return compare(nearestOfAll(request));
  if (!isBroad) return compare(nearestOfKept(request));
  const walked = await connection.transaction(async (transaction) => {
    await transaction.query(sql.unsafe`${indexSettings}`);
    return transaction.any(sql.type(Nearest)`${nearestByIndex(request)}`);
  });
  const isEnough = walked.length >= request.limit || !isFiltered(request);
  return isEnough ? walked : compare(nearestOfKept(request));
};

/** For each prompt its newest inference that the filter keeps, and how many there are. `except`: one that doesn't count. */
const newestOf = async (
  connection: CommonQueryMethods,
  nearest: readonly Nearest[],
  filter: InferenceFilter,
  except: string | null,
): Promise<FoundPrompt[]> => {
  if (nearest.length === 0) return [];
  const asking = sql.fragment`
    from prompt_runs as p join inference_runs as r on r.id = p.run_id
    where p.prompt_id = given.prompt_id and p.run_id is distinct from ${except}::uuid and ${settled(filter)}`;
  const rows = await connection.any(sql.type(Found)`
    select ${inferenceFields}, 1 - given.distance as similarity, repeats.count as "repeatCount"
    from unnest(
      ${sql.array(
        nearest.map(({ promptId }) => promptId),
        'int8',
      )},
      ${sql.array(
        nearest.map(({ distance }) => distance),
        'float8',
      )}
    ) with ordinality as given (prompt_id, distance, place)
    cross join lateral (
      select p.run_id ${asking} order by p.created_at desc, p.run_id desc limit 1
    ) as newest
    cross join lateral (
      select count(*) from (select ${asking} limit ${mostCountedRepeats}) as counted
    ) as repeats
    join inference_runs as r on r.id = newest.run_id
    order by given.place`);
  return rows.map(({ similarity, repeatCount, ...inference }) => ({ inference, similarity, repeatCount }));
};

/** `most`: compared one by one without the index. */
export const findNearest = async (
  connection: CommonQueryMethods,
  request: NearestRequest,
  most = mostCompared,
): Promise<FoundPrompt[]> =>
  newestOf(connection, await nearestPrompts(connection, request, most), request.filter, null);

export const findRepeats = async (
  connection: CommonQueryMethods,
  promptId: number,
  exceptInferenceId: string,
  filter: InferenceFilter,
): Promise<FoundPrompt | null> => {
  const [found] = await newestOf(connection, [{ promptId, distance: 0 }], filter, exceptInferenceId);
  return found ?? null;
};
