import { randomUUIDv7 } from 'node:crypto';
import type {
  ItemSettlement,
  LeasedItem,
  NewBatch,
  NewBatchInput,
} from '../../src/db/batches/batch-repository.ts';
import { createBatchRepository } from '../../src/db/create-batch-repository.ts';
import { createPool, type LazyPool } from '../../src/db/create-pool.ts';
import { createInferenceRepository } from '../../src/db/runs/create-inference-repository.ts';
import { exampleRun, exampleSettlement } from './example-rows.ts';
import { createTestDatabase } from './test-database.ts';

/** Both repositories over one database of their own. */
export const openBatches = async (options: { size?: number } = {}) => {
  const database = await createTestDatabase();
  const pools: LazyPool[] = [];
  const openPool = () => {
    const pool = createPool({ databaseUrl: database.url, size: options.size ?? 4 });
    pools.push(pool);
    return pool;
  };
  const pool = openPool();
  const inferences = createInferenceRepository({ pool });
  const batches = createBatchRepository({ pool });
  return {
    batches,
    inferences,
    pool,
    kind: database.kind,
    /** A stored batch of four questions, or of `inputs`. */
    insert: async (overrides: Partial<NewBatch> = {}, inputs = exampleInputs(4)) => {
      const batch = exampleBatch(overrides);
      await batches.insertBatch(batch, inputs);
      return batch;
    },
    /** A second process, as far as the database can tell. */
    openAnother: () => createBatchRepository({ pool: openPool() }),
    close: async () => {
      await batches.close();
      for (const each of pools) await each.end();
      await database.drop();
    },
  };
};
export type OpenBatches = Awaited<ReturnType<typeof openBatches>>;

export const startOfTest = Date.UTC(2026, 5, 1, 12);
/** A moment, in seconds after the start. */
export const at = (seconds: number): Date => new Date(startOfTest + seconds * 1000);

export const exampleBatch = (overrides: Partial<NewBatch> = {}): NewBatch => ({
  id: randomUUIDv7(),
  name: 'example',
  targets: [{ provider: 'echo', model: 'echo-1', parameters: {} }],
  repetitions: 1,
  shareIdentical: false,
  concurrency: 8,
  onUnknown: 'resend',
  maxCostUsd: null,
  maxTokens: null,
  maxAttempts: 5,
  deadlineMs: null,
  metadata: {},
  apiKeyId: null,
  idempotency: null,
  createdAt: at(0),
  ...overrides,
});

export const exampleInputs = (count: number, overrides: Partial<NewBatchInput> = {}): NewBatchInput[] =>
  Array.from({ length: count }, (_, index) => ({
    itemKey: `item-${index}`,
    messages: [{ role: 'user', content: `Question ${index}?` }],
    parameters: {},
    metadata: {},
    questionHash: null,
    ...overrides,
  }));

/** A worker's calls on items, with sensible times. */
export const createWorker = (batches: OpenBatches['batches'], leaseToken = randomUUIDv7()) => ({
  leaseToken,
  lease: (batchId: string, limit: number, now = at(1), targetIndexes?: readonly number[]) =>
    batches.leaseItems({
      batchId,
      limit,
      targetIndexes,
      leaseToken,
      now,
      leaseUntil: new Date(now.getTime() + 60_000),
    }),
  /** Begins the item with a run of its own, whose lease ends 90 s after `now`. */
  begin: async (item: LeasedItem, now = at(2), reserved = false, runId: string = randomUUIDv7()) => {
    const run = exampleRun({
      id: runId,
      batchId: item.batchId,
      messages: item.messages,
      createdAt: now,
      leaseUntil: new Date(now.getTime() + 90_000),
    });
    const isBegun = await batches.beginItem({ ...refOf(item), leaseToken, run, reserved });
    return { run, isBegun };
  },
});

export const refOf = ({ batchId, position }: LeasedItem) => ({ batchId, position });

export const settlementOf = (
  item: LeasedItem,
  run: ReturnType<typeof exampleRun>,
  overrides: Parameters<typeof exampleSettlement>[1] = {},
  askAgainAt: Date | null = null,
): ItemSettlement => ({
  ...refOf(item),
  run: exampleSettlement(run, { settledAt: at(3), ...overrides }),
  askAgainAt,
});

/** The first of what was leased; a test that leased nothing fails here. */
export const first = (items: readonly LeasedItem[]): LeasedItem => {
  const [item] = items;
  if (item === undefined) throw new Error('nothing was leased');
  return item;
};
