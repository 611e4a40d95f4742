import path from 'node:path';
import pg from 'pg';
import { startRealPostgres } from '../scripts/real-postgres.ts';
import type { InferenceFilter } from '../src/contract/inference.ts';
import type { SearchAnswer, SearchQuery } from '../src/contract/search.ts';
import { createBatchRepository } from '../src/db/create-batch-repository.ts';
import { createPool, type LazyPool } from '../src/db/create-pool.ts';
import { createEmbeddingRepository } from '../src/db/embeddings/create-embedding-repository.ts';
import { createMeaningRepository } from '../src/db/embeddings/create-meaning-repository.ts';
import { migrateDatabase } from '../src/db/migrate-database.ts';
import { createInferenceRepository } from '../src/db/runs/create-inference-repository.ts';
import type { InferenceRepository } from '../src/db/runs/inference-repository.ts';
import { createEchoProvider } from '../src/providers/echo.ts';
import { hashedEmbedding } from '../src/providers/hashed-embedding.ts';
import { createFindPrice } from '../src/services/calls/find-price.ts';
import { createProviderPace } from '../src/services/calls/provider-pace.ts';
import { createEmbeddings } from '../src/services/embeddings/create-embeddings.ts';
import { createSearchService } from '../src/services/search/create-search-service.ts';
import type { SearchService } from '../src/services/search/search-service.ts';
import { createLogger } from '../src/telemetry/create-logger.ts';
import { type Benchmark, median, progress, round } from './benchmark.ts';
import { createSeededPrompts } from './seeded-prompts.ts';
import { settledRunOf } from './settled-run.ts';

const root = path.join(import.meta.dirname, '..');
const nearest = 10;
/** Of two results whose distances differ by less neither is the better one. */
const tie = 1e-6;
const rowsAtOnce = 1000;

/** What is kept: everything, one prompt in a hundred, one in five. The last is more than is compared one by one. */
const filters: Record<
  'all' | 'filtered' | 'broad',
  { filter: InferenceFilter; keeps(place: number): boolean }
> = {
  all: { filter: {}, keeps: () => true },
  filtered: { filter: { metadata: 'study:s7' }, keeps: (place) => place % 100 === 7 },
  broad: { filter: { provider: 'other' }, keeps: (place) => place % 5 === 3 },
};

const recordPrompts = async (repository: InferenceRepository, prompts: readonly string[]): Promise<void> => {
  for (let start = 0; start < prompts.length; start += rowsAtOnce) {
    const rows = prompts.slice(start, start + rowsAtOnce).map((prompt, index) => {
      const place = start + index;
      const provider = filters.broad.keeps(place) ? 'other' : 'one';
      return settledRunOf({ prompt, provider, metadata: { study: `s${place % 100}` }, at: place });
    });
    await repository.insertSettledRuns(rows);
    if ((start / rowsAtOnce) % 10 === 0) progress(`search: ${start + rows.length} inferences recorded`);
  }
};

/** Distances of one query to all prompts, in double precision. Most places of a query are empty. */
const distancesTo = (query: readonly number[], vectors: readonly Float32Array[]): Float64Array => {
  const places = query.flatMap((value, place) => (value === 0 ? [] : [place]));
  return Float64Array.from(vectors, (vector) => {
    let sum = 0;
    for (const place of places) sum += (query[place] ?? 0) * (vector[place] ?? 0);
    return 1 - sum;
  });
};

const p95 = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.ceil(times.length * 0.95) - 1] ?? Number.NaN;

type Measured = { recall: number; p95Ms: number; medianMs: number };

/** Asks three services, of which none remembers the text: neighbours on the machine are not what is measured. */
const askThrice = async (searches: readonly SearchService[], query: SearchQuery) => {
  const times: number[] = [];
  let answer: SearchAnswer | null = null;
  for (const search of searches) {
    const startedAt = performance.now();
    answer = await search.search(query);
    times.push(performance.now() - startedAt);
  }
  return { ms: median(times), data: answer?.data ?? [] };
};

const measure = async (
  searches: readonly SearchService[],
  { filter, keeps }: (typeof filters)['all'],
  queries: readonly string[],
  prompts: { places: ReadonlyMap<string, number>; vectors: readonly Float32Array[]; dimensions: number },
): Promise<Measured> => {
  const times: number[] = [];
  let found = 0;
  for (const like of queries) {
    const { ms, data } = await askThrice(searches, { like, limit: nearest, ...filter });
    times.push(ms);
    const distances = distancesTo(hashedEmbedding(like, prompts.dimensions), prompts.vectors);
    const kept = distances.filter((_, place) => keeps(place)).toSorted();
    const border = (kept[nearest - 1] ?? Number.NaN) + tie;
    const places = data.map(
      ({ inference }) => prompts.places.get(inference.messages[0]?.content ?? '') ?? -1,
    );
    if (places.some((place) => !keeps(place))) throw new Error('a result that the filter does not keep');
    found += places.filter((place) => (distances[place] ?? Number.NaN) <= border).length;
  }
  return { recall: found / (queries.length * nearest), p95Ms: p95(times), medianMs: median(times) };
};

const openServices = (pool: LazyPool, dimensions: number) => {
  const repository = createInferenceRepository({ pool });
  const embeddingRepository = createEmbeddingRepository({ pool });
  const { embedding, runner } = createEmbeddings({
    repository: embeddingRepository,
    providers: new Map([['echo', createEchoProvider({ name: 'echo' })]]),
    configured: { provider: 'echo', model: 'echo-embedding', dimensions },
    conductor: { startEmbedding: async () => undefined },
    pace: createProviderPace({ repository: createBatchRepository({ pool }), limits: {} }),
    findPrice: createFindPrice(repository),
    logger: createLogger({ level: 'warn' }),
    leaseGraceMs: 30_000,
  });
  const searches = [1, 2, 3].map(() =>
    createSearchService({
      repository,
      meaningRepository: createMeaningRepository({ pool, readPool: pool }),
      embeddingRepository,
      embedding,
    }),
  );
  return { repository, runner, searches };
};

/** Prompts and queries of two seeds, none of one among the others. */
const seeded = (count: number, queryCount: number) => {
  const next = createSeededPrompts(7);
  const prompts = new Set<string>();
  while (prompts.size < count) prompts.add(next());
  const ask = createSeededPrompts(1001);
  const queries = new Set<string>();
  while (queries.size < queryCount) {
    const query = ask();
    if (!prompts.has(query)) queries.add(query);
  }
  return { prompts: [...prompts], queries: [...queries] };
};

/** Search by meaning over prompts that the job itself has embedded. */
export const search: Benchmark = {
  about: 'search by meaning against comparing with every prompt, on PostgreSQL 17',
  options: {
    prompts: { type: 'string', default: '50000', about: 'distinct prompts' },
    dimensions: { type: 'string', default: '1536', about: 'of each embedding' },
    queries: { type: 'string', default: '200', about: 'with each filter' },
  },
  bounds: {
    recallAt10: { atLeast: 0.95 },
    recallAt10Filtered: { atLeast: 0.95 },
    p95Ms: { atMost: 50 },
  },
  async run({ prompts: promptsText, dimensions: dimensionsText, queries: queriesText }) {
    const [count, dimensions, queryCount] = [promptsText, dimensionsText, queriesText].map(Number) as [
      number,
      number,
      number,
    ];
    const { prompts, queries } = seeded(count, queryCount * 3);
    const postgres = await startRealPostgres();
    const client = new pg.Client({ connectionString: postgres.url });
    const pool = createPool({ databaseUrl: postgres.url });
    const { repository, runner, searches } = openServices(pool, dimensions);
    const [search] = searches;
    if (search === undefined) throw new TypeError('no service');
    try {
      await client.connect();
      await migrateDatabase({
        databaseUrl: postgres.url,
        migrationsDir: path.join(root, 'src/db/migrations'),
        pricesDir: path.join(root, 'src/db/prices'),
      });
      await recordPrompts(repository, prompts);
      const embedStartedAt = performance.now();
      for (let embedded = 0; ; ) {
        const turn = await runner.runTurn({ withinMs: 20_000, isJob: true, rest: 0 });
        embedded += turn.embedded;
        progress(`search: ${embedded} of ${count} prompts embedded`);
        if (turn.next === 'done') break;
      }
      const embedSeconds = (performance.now() - embedStartedAt) / 1000;
      // What autovacuum has done by the time that anybody searches.
      await client.query('VACUUM ANALYZE');
      const { rows } = await client.query(
        "SELECT pg_relation_size(c.oid)::float8 AS bytes FROM pg_class AS c WHERE c.relname = 'prompt_embeddings_space_1'",
      );

      const vectors = prompts.map((prompt) => Float32Array.from(hashedEmbedding(prompt, dimensions)));
      const places = new Map(prompts.map((prompt, place) => [prompt, place]));
      const results: Measured[] = [];
      for (const [index, [name, kind]] of Object.entries(filters).entries()) {
        await askThrice(searches, { like: `warm up ${name}`, limit: nearest, ...kind.filter });
        const asked = queries.slice(index * queryCount, (index + 1) * queryCount);
        const measured = await measure(searches, kind, asked, { places, vectors, dimensions });
        results.push(measured);
        progress(
          `search: ${name}: recall ${measured.recall.toFixed(4)}, median ${measured.medianMs.toFixed(1)} ms, p95 ${measured.p95Ms.toFixed(1)} ms`,
        );
      }
      const [all, filtered, broad] = results as [Measured, Measured, Measured];

      const similarTimes: number[] = [];
      const { data } = await search.search({ text: prompts[0]?.split(' ')[0] ?? '', limit: 100 });
      for (const { inference } of data) {
        const startedAt = performance.now();
        await search.similar(inference.id, { limit: nearest });
        similarTimes.push(performance.now() - startedAt);
      }
      const duplicatesStartedAt = performance.now();
      const duplicates = await search.duplicates({ threshold: 0.8, limit: 20 });
      const duplicatesMs = performance.now() - duplicatesStartedAt;

      return {
        recallAt10: round(all.recall),
        recallAt10Filtered: round(filtered.recall),
        recallAt10Broad: round(broad.recall),
        p95Ms: round(Math.max(all.p95Ms, filtered.p95Ms, broad.p95Ms)),
        medianMs: round(all.medianMs),
        p95MsOf: { all: round(all.p95Ms), filtered: round(filtered.p95Ms), broad: round(broad.p95Ms) },
        similarP95Ms: round(p95(similarTimes)),
        duplicatesMs: round(duplicatesMs),
        duplicatesExamined: duplicates.examinedCount,
        embedSeconds: round(embedSeconds),
        embeddedPerSecond: round(count / embedSeconds),
        indexMb: round(rows[0].bytes / 1e6),
        prompts: count,
        dimensions,
      };
    } finally {
      await client.end();
      await repository.close();
      await postgres.stop();
    }
  },
};
