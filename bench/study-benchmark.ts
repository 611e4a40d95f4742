import path from 'node:path';
import pg from 'pg';
import { startRealPostgres } from '../scripts/real-postgres.ts';
import { createPool } from '../src/db/create-pool.ts';
import { migrateDatabase } from '../src/db/migrate-database.ts';
import { createInferenceRepository } from '../src/db/runs/create-inference-repository.ts';
import type { InferenceRepository } from '../src/db/runs/inference-repository.ts';
import { createStudyRepository } from '../src/db/study/create-study-repository.ts';
import { createStudyService } from '../src/services/study/create-study-service.ts';
import type { StudyService } from '../src/services/study/study-service.ts';
import { createRandomStream } from '../src/statistics/random-stream.ts';
import { type Benchmark, median, progress, round } from './benchmark.ts';
import { studyEndpoints } from './study-endpoints.ts';
import { batchId, copyStudyRuns } from './study-rows.ts';
import { addVersusBatches } from './versus-batches.ts';

const root = path.join(import.meta.dirname, '..');
const endOfStudy = Date.UTC(2026, 9, 14, 15, 37);

/** The provider comparison as it is without sums: the same figures from the runs. */
const rawComparison = `
  SELECT provider, outcome, count(*), sum(input_tokens), sum(output_tokens), sum(cost_usd), avg(latency_ms), stddev_samp(latency_ms),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY latency_ms),
    percentile_cont(0.95) WITHIN GROUP (ORDER BY latency_ms),
    percentile_cont(0.99) WITHIN GROUP (ORDER BY latency_ms)
  FROM inference_runs
  GROUP BY GROUPING SETS ((provider), (provider, outcome))`;

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};

/** The value that 95 of 100 do not exceed, of few values the one that is nearest. */
const p95 = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.ceil(values.length * 0.95) - 1)] ?? 0;

/** A question is asked three times, and the middle time counts: neighbours on the machine are not what is measured. */
const askThrice = async (ask: () => Promise<unknown>): Promise<number> =>
  median([await timed(ask), await timed(ask), await timed(ask)]);

const measureEndpoints = async (service: StudyService, turns: number) => {
  const figures: Record<string, number> = {};
  const medians: number[] = [];
  const worst = { p95Ms: 0, rawP95Ms: 0 };
  const endpoints = studyEndpoints(endOfStudy, [batchId(10), batchId(11)]);
  for (const { name, isRaw, ask } of endpoints) {
    await ask(service, 0, createRandomStream(0));
    const times: number[] = [];
    for (let turn = 0; turn < turns; turn += 1) {
      times.push(await askThrice(() => ask(service, turn, createRandomStream(turn))));
    }
    const [middle, high] = [median(times), p95(times)];
    figures[name] = round(high);
    if (isRaw) worst.rawP95Ms = Math.max(worst.rawP95Ms, high);
    else {
      worst.p95Ms = Math.max(worst.p95Ms, high);
      medians.push(middle);
    }
    progress(`study: ${name}: median ${middle.toFixed(1)} ms, p95 ${high.toFixed(1)} ms`);
  }
  return { ...worst, medianMs: Math.max(...medians), figures };
};

/** Pages of 50 at any depth, with and without filters. */
const measurePages = async (repository: InferenceRepository, turns: number): Promise<number> => {
  const random = createRandomStream(23);
  const times: number[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const createdAt = new Date(endOfStudy - random() * 90 * 86_400_000).toISOString();
    const cursor = Buffer.from(JSON.stringify([createdAt, '0198c0de-0000-7000-8000-0000000000ff'])).toString(
      'base64url',
    );
    const filters = [
      {},
      { provider: 'azure' },
      { provider: 'openai', model: 'gpt-5' },
      { outcome: 'timeout' as const },
    ];
    times.push(
      await askThrice(() => repository.listInferences(filters[turn % 4] ?? {}, { limit: 50, cursor })),
    );
  }
  return p95(times);
};

/** A stand of the database: fills it up to `rows`, adds up, and measures. */
const measureAt = async (
  url: string,
  client: pg.Client,
  range: { from: number; to: number },
  turns: number,
) => {
  const copySeconds = (await timed(() => copyStudyRuns(client, { ...range, endOfStudy }))) / 1000;
  if (range.from === 0) await addVersusBatches(client, { url, createdAt: new Date(endOfStudy) });
  const pool = createPool({ databaseUrl: url });
  const inferences = createInferenceRepository({ pool });
  const service = createStudyService({
    repository: createStudyRepository({ pool, readPool: pool }),
    familyOf: () => null,
    // Its last hour is the present one, which is never added up.
    now: () => endOfStudy + performance.now(),
  });
  try {
    let hours = 0;
    const rollUpSeconds =
      (await timed(async () => {
        for (let done = -1; done !== 0; ) {
          done = await service.rollUp();
          hours += done;
        }
      })) / 1000;
    await client.query('VACUUM ANALYZE run_rollups');
    await client.query('VACUUM ANALYZE rollup_changes');
    progress(`study: ${range.to} rows, ${hours} hours added up in ${rollUpSeconds.toFixed(1)} s`);
    const endpoints = await measureEndpoints(service, turns);
    const listPageP95Ms = await measurePages(inferences, turns * 4);

    const raw: number[] = [];
    const summed: number[] = [];
    let answer: pg.QueryResult | null = null;
    for (let round = 0; round < 3; round += 1) {
      raw.push(
        await timed(async () => {
          answer = await client.query({ text: rawComparison, rowMode: 'array' });
        }),
      );
      for (let turn = 0; turn < 5; turn += 1)
        summed.push(await timed(() => service.compare({ by: 'provider' })));
    }
    const exact = new Map(
      (answer as pg.QueryResult | null)?.rows.flatMap((row) =>
        row[1] === null ? [[row[0], Number(row[10])]] : [],
      ) as [string, number][],
    );
    const { rows } = await service.compare({ by: 'provider' });
    const errors = rows.map(({ key, latencyMs }) => {
      const expected = exact.get(key ?? '') ?? Number.NaN;
      return Math.abs((latencyMs?.p99.value ?? Number.NaN) / expected - 1) * 100;
    });
    return {
      ...endpoints,
      listPageP95Ms,
      rawComparisonMs: median(raw),
      comparisonMs: median(summed),
      p99ErrorPercent: Math.max(...errors),
      rollUpSeconds,
      copySeconds,
    };
  } finally {
    await inferences.close();
  }
};

/** Figures of a study while the table of runs grows. */
export const study: Benchmark = {
  about: 'figures of a million recorded runs, from sums and from the runs, on PostgreSQL 17',
  options: {
    rows: { type: 'string', default: '1000000', about: 'runs over 90 days' },
    growth: {
      type: 'string',
      default: '10',
      about: 'also measured with so many times fewer; 0 leaves it out',
    },
    turns: { type: 'string', default: '40', about: 'questions to each endpoint' },
  },
  bounds: {
    p95Ms: { atMost: 100 },
    rawP95Ms: { atMost: 1500 },
    speedupOverRaw: { atLeast: 20 },
    listPageP95Ms: { atMost: 30 },
    p99ErrorPercent: { atMost: 2 },
  },
  async run({ rows: rowsText, growth: growthText, turns: turnsText }) {
    const [rows, growth, turns] = [Number(rowsText), Number(growthText), Number(turnsText)];
    const postgres = await startRealPostgres();
    const client = new pg.Client({ connectionString: postgres.url });
    try {
      await client.connect();
      await migrateDatabase({
        databaseUrl: postgres.url,
        migrationsDir: path.join(root, 'src/db/migrations'),
        pricesDir: path.join(root, 'src/db/prices'),
      });
      const fewer = growth > 0 ? Math.floor(rows / growth) : 0;
      const small = fewer > 0 ? await measureAt(postgres.url, client, { from: 0, to: fewer }, turns) : null;
      const large = await measureAt(postgres.url, client, { from: fewer, to: rows }, turns);
      progress(`study: compared with${rawComparison}`);
      return {
        p95Ms: round(large.p95Ms),
        medianMs: round(large.medianMs),
        rawP95Ms: round(large.rawP95Ms),
        speedupOverRaw: round(large.rawComparisonMs / large.comparisonMs),
        listPageP95Ms: round(large.listPageP95Ms),
        p99ErrorPercent: round(large.p99ErrorPercent),
        comparisonMs: round(large.comparisonMs),
        rawComparisonMs: round(large.rawComparisonMs),
        growth: small ? round(large.p95Ms / small.p95Ms) : null,
        p95MsOfFewer: small ? round(small.p95Ms) : null,
        rollUpSeconds: round(large.rollUpSeconds),
        copySeconds: round(large.copySeconds),
        endpointP95Ms: large.figures,
        rawComparison: rawComparison.replaceAll(/\s+/g, ' ').trim(),
        rows,
      };
    } finally {
      await client.end();
      await postgres.stop();
    }
  },
};
