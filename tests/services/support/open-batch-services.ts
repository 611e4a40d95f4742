import { randomUUIDv7 } from 'node:crypto';
import { BatchDefinition } from '../../../src/contract/batch.ts';
import type { BatchItemInput } from '../../../src/contract/batch-item.ts';
import { createBatchRepository } from '../../../src/db/create-batch-repository.ts';
import { createPool } from '../../../src/db/create-pool.ts';
import { createInferenceRepository } from '../../../src/db/runs/create-inference-repository.ts';
import { createProviders, type ProviderOptions } from '../../../src/providers/create-providers.ts';
import { type BatchConductor, createStartBatch } from '../../../src/services/batches/batch-conductor.ts';
import { createBatchService } from '../../../src/services/batches/create-batch-service.ts';
import { createPlanBatch } from '../../../src/services/batches/create-plan-batch.ts';
import { createAskAndRecord } from '../../../src/services/calls/ask-and-record.ts';
import { createFindPrice } from '../../../src/services/calls/find-price.ts';
import { createProviderPace, type ProviderLimit } from '../../../src/services/calls/provider-pace.ts';
import { createTickService } from '../../../src/services/create-tick-service.ts';
import { createInferenceService } from '../../../src/services/inferences/create-inference-service.ts';
import { createBatchRunner } from '../../../src/services/lanes/create-batch-runner.ts';
import { createScheduleService } from '../../../src/services/schedules/create-schedule-service.ts';
import { createTestDatabase } from '../../support/test-database.ts';
import { createLaneConductor } from './lane-conductor.ts';
import { createMemoryLogger } from './memory-logger.ts';

export type ProcessOptions = {
  providers: readonly ProviderOptions[];
  /** What the providers grant. */
  providerLimits?: Record<string, ProviderLimit>;
  /** Left out: lanes run in this process. */
  conductor?: BatchConductor;
  leaseGraceMs?: number;
  turnMs?: number;
  stallMs?: number;
};

const limits = {
  maxInputTokens: 1000,
  defaultMaxOutputTokens: 100,
  maxOutputTokens: 500,
  defaultDeadlineMs: 20_000,
  defaultMaxAttempts: 3,
};

const noUploads = {
  openQuestions: () => Promise.reject(new Error('these tests have no uploads')),
  spoolQuestions: () => Promise.reject(new Error('these tests have no uploads')),
  expire: async () => 0,
};

/** One process of the product as far as database and providers can tell: a pool, a runner and all services of its own. */
const createProcess = (databaseUrl: string, options: ProcessOptions, conductor: BatchConductor) => {
  const pool = createPool({ databaseUrl, size: 4 });
  const inferences = createInferenceRepository({ pool });
  const repository = createBatchRepository({ pool });
  const providers = createProviders(options.providers);
  const logger = createMemoryLogger();
  const findPrice = createFindPrice(inferences);
  const pace = createProviderPace({ repository, limits: options.providerLimits ?? {} });
  const leaseGraceMs = options.leaseGraceMs ?? 30_000;
  const askAndRecord = createAskAndRecord({ repository: inferences, logger, leaseGraceMs });
  const planBatch = createPlanBatch({ providers, limits, findPrice });
  const asking = { providers, askAndRecord, pace, logger };
  const inferenceService = createInferenceService({ repository: inferences, limits, ...asking });
  const runner = createBatchRunner({
    repository,
    findPrice,
    ...asking,
    limits: { ...limits, leaseGraceMs },
    turnMs: options.turnMs,
  });
  return {
    repository,
    inferences,
    inferenceService,
    pace,
    runner,
    logger,
    batchService: createBatchService({
      repository,
      uploadService: noUploads,
      planBatch,
      startBatch: createStartBatch({ conductor, logger }),
    }),
    tickService: createTickService({
      repository,
      conductor,
      inferenceService,
      scheduleService: createScheduleService({ repository, planBatch, conductor, logger }),
      uploadService: noUploads,
      exportService: { tend: async () => 0 },
      logger,
      stallMs: options.stallMs ?? 300_000,
    }),
    /** For what the services have no question for. */
    pool,
    close: async () => {
      await runner.stop();
      await repository.close();
      await pool.end();
    },
  };
};
export type BatchProcess = ReturnType<typeof createProcess>;

/**
 * The workers of batches on a real database and the real wire. `open` gives some processes over the one database, which
 * share the work of each batch: its lanes go to them in turns.
 */
export const openBatchDatabase = async () => {
  const database = await createTestDatabase();
  const opened: BatchProcess[] = [];
  const caller = { apiKeyId: null };
  /** A server has a limited number of connections: tests that open their own processes close them. */
  const closeProcesses = async (): Promise<void> => {
    for (const process of opened.splice(0)) await process.close();
  };

  const open = (options: ProcessOptions, count = 1) => {
    const processes: BatchProcess[] = [];
    const processOf = (lane: number): BatchProcess => {
      const process = processes[lane % processes.length];
      if (process === undefined) throw new Error('there is no process');
      return process;
    };
    const lanes = createLaneConductor((lane) => processOf(lane).runner);
    for (let index = 0; index < count; index += 1) {
      processes.push(createProcess(database.url, options, options.conductor ?? lanes));
    }
    opened.push(...processes);
    const first = processOf(0);

    /** Stores the batch and starts it. @returns its id */
    const post = async (
      definition: Record<string, unknown>,
      items: readonly BatchItemInput[],
    ): Promise<string> => {
      const { batch } = await first.batchService.create(
        BatchDefinition.parse(definition),
        { items: [...items] },
        caller,
      );
      return batch.id;
    };
    return {
      ...first,
      processes,
      lanes,
      post,
      /** Posts a batch and runs it to its end. */
      run: async (definition: Record<string, unknown>, items: readonly BatchItemInput[]) => {
        const id = await post(definition, items);
        await lanes.idle();
        return first.batchService.get(id);
      },
      /** All items of a batch, in order. */
      itemsOf: async (id: string) => {
        const items = [];
        for (let cursor: string | undefined; ; ) {
          const page = await first.batchService.listItems(id, {}, { limit: 200, cursor });
          items.push(...page.data);
          if (page.nextCursor === null) return items;
          cursor = page.nextCursor;
        }
      },
    };
  };

  return {
    kind: database.kind,
    url: database.url,
    open,
    closeProcesses,
    close: async () => {
      await closeProcesses();
      await database.drop();
    },
  };
};
export type BatchDatabase = Awaited<ReturnType<typeof openBatchDatabase>>;
export type OpenProcesses = ReturnType<BatchDatabase['open']>;

/** Questions of their own, so that a provider's log tells them apart. */
export const questionsOf = (count: number, label: string = randomUUIDv7()): BatchItemInput[] =>
  Array.from({ length: count }, (_, index) => ({ itemKey: `q-${index}`, prompt: `${label} ${index}?` }));
