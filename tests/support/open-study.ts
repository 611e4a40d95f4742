import { randomUUIDv7 } from 'node:crypto';
import type { CommonQueryMethods } from 'slonik';
import type { Outcome, Usage } from '../../src/contract/inference.ts';
import { createBatchRepository } from '../../src/db/create-batch-repository.ts';
import { createPool, type LazyPool } from '../../src/db/create-pool.ts';
import { createInferenceRepository } from '../../src/db/runs/create-inference-repository.ts';
import type { NewRun, RunSettlement } from '../../src/db/runs/inference-repository.ts';
import { createStudyRepository } from '../../src/db/study/create-study-repository.ts';
import { createPriceService } from '../../src/services/study/create-price-service.ts';
import { createStudyService } from '../../src/services/study/create-study-service.ts';
import { createRandomStream } from '../../src/statistics/random-stream.ts';
import { exampleAttemptSettlement, exampleRun, exampleSettlement } from './example-rows.ts';
import { createTestDatabase } from './test-database.ts';

export const hour = 3_600_000;
/** A Wednesday. */
export const startOfStudy = Date.UTC(2026, 3, 15, 10);
export const moment = (ms: number) => new Date(ms).toISOString();

export const usageOf = (
  inputTokens: number | null,
  outputTokens: number | null,
  more: Partial<Usage> = {},
): Usage => ({
  inputTokens,
  outputTokens,
  cachedInputTokens: null,
  reasoningTokens: null,
  estimated: false,
  ...more,
});

type Settled = { run: NewRun; settlement: RunSettlement };

/** A run with a settlement whose only attempt says the same. */
export const settledRun = (run: Partial<NewRun>, settlement: Partial<RunSettlement> = {}): Settled => {
  const made = exampleRun({ createdAt: new Date(startOfStudy), ...run });
  const whole = exampleSettlement(made, {
    settledAt: new Date(made.createdAt.getTime() + 1000),
    ...settlement,
  });
  const { outcome, usage, costUsd, latencyMs, servedModel, settledAt } = whole;
  const lastAttempt = exampleAttemptSettlement(made.attemptId, {
    outcome,
    usage,
    costUsd,
    latencyMs,
    servedModel,
    settledAt,
  });
  return { run: made, settlement: { ...whole, lastAttempt } };
};

const outcomes: Outcome[] = [
  'ok',
  'ok',
  'ok',
  'ok',
  'truncated',
  'content_filtered',
  'provider_error',
  'timeout',
  'cancelled',
];

/** Runs of many kinds over some weeks, the same for the same seed. */
export const manyRuns = (count: number, days = 20, seed = 1): Settled[] => {
  const random = createRandomStream(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const batchIds = [null, null, randomUUIDv7(), randomUUIDv7()];
  return Array.from({ length: count }, () => {
    const provider = pick(['one', 'two', 'three']);
    const isKnown = random() > 0.15;
    const usage = usageOf(Math.floor(random() * 5000), random() > 0.1 ? Math.floor(random() * 900) : null, {
      cachedInputTokens: random() > 0.5 ? Math.floor(random() * 400) : null,
      reasoningTokens: random() > 0.5 ? Math.floor(random() * 100) : null,
      estimated: random() > 0.8,
    });
    return settledRun(
      {
        provider,
        model: pick(['small', 'large']),
        batchId: pick(batchIds),
        createdAt: new Date(startOfStudy + Math.floor(random() * days * 24 * hour)),
        metadata: random() > 0.5 ? { stage: pick(['a', 'b']) } : {},
      },
      {
        outcome: pick(outcomes),
        servedModel: pick([null, 'small-2026', 'large-2026']),
        usage: isKnown ? usage : null,
        costUsd: isKnown ? (random() * 0.01).toFixed(9) : null,
        latencyMs: 100 / (1 - random()) ** 0.6,
        firstTokenMs: random() > 0.5 ? 10 + random() * 90 : null,
      },
    );
  });
};

/** Deployments that their names hide. */
const familyOf = (_: string, model: string) => (model.startsWith('deployed-') ? model.slice(9) : null);

/** Figures, prices and runs over one database of their own. */
export const openStudy = async (options: { now?: () => number } = {}) => {
  const database = await createTestDatabase();
  const pools: LazyPool[] = [];
  const openPool = () => {
    const pool = createPool({ databaseUrl: database.url, size: 4 });
    pools.push(pool);
    return pool;
  };
  const pool = openPool();
  const inferences = createInferenceRepository({ pool });
  const repository = createStudyRepository({ pool, readPool: pool });
  // All hours of the study are over.
  const { now = () => startOfStudy + 60 * 24 * hour } = options;
  return {
    kind: database.kind,
    pool,
    inferences,
    batches: createBatchRepository({ pool }),
    repository,
    study: createStudyService({ repository, familyOf, now }),
    prices: createPriceService({ repository, familyOf, now }),
    /** A second process, as far as the database can tell. */
    openAnother: () => {
      const other = openPool();
      return createStudyRepository({ pool: other, readPool: other });
    },
    connect: (): Promise<CommonQueryMethods> => pool.connect(),
    close: async () => {
      await inferences.close();
      for (const each of pools) await each.end();
      await database.drop();
    },
  };
};
export type OpenStudy = Awaited<ReturnType<typeof openStudy>>;
