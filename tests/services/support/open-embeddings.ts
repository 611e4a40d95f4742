import { sql } from 'slonik';
import { z } from 'zod';
import { createBatchRepository } from '../../../src/db/create-batch-repository.ts';
import { createPool, type LazyPool } from '../../../src/db/create-pool.ts';
import { createEmbeddingRepository } from '../../../src/db/embeddings/create-embedding-repository.ts';
import { createMeaningRepository } from '../../../src/db/embeddings/create-meaning-repository.ts';
import type { EmbeddingRepository } from '../../../src/db/embeddings/embedding-repository.ts';
import { createInferenceRepository } from '../../../src/db/runs/create-inference-repository.ts';
import type { NewRun, RunSettlement } from '../../../src/db/runs/inference-repository.ts';
import { createEchoProvider } from '../../../src/providers/echo.ts';
import type { Provider } from '../../../src/providers/provider.ts';
import {
  createProviderPace,
  type ProviderLimit,
  type ProviderPace,
} from '../../../src/services/calls/provider-pace.ts';
import { createEmbeddings } from '../../../src/services/embeddings/create-embeddings.ts';
import { createSearchService } from '../../../src/services/search/create-search-service.ts';
import { exampleRun, exampleSettlement } from '../../support/example-rows.ts';
import { createFakeConductor } from '../../support/fake-conductor.ts';
import { createTestDatabase } from '../../support/test-database.ts';
import { createMemoryLogger } from './memory-logger.ts';
import { unlimitedPace } from './unlimited-pace.ts';

const Call = z.object({
  purpose: z.string(),
  outcome: z.string().nullable(),
  inputCount: z.number(),
  inputTokens: z.number().nullable(),
  costUsd: z.string().nullable(),
  httpStatus: z.number().nullable(),
  providerRequestId: z.string().nullable(),
});
const Refusal = z.object({ reason: z.string(), text: z.string() });

type ProcessOptions = {
  provider?: Provider;
  model?: string | null;
  dimensions?: number | null;
  pace?: ProviderPace;
  repository?: EmbeddingRepository;
};

/** Embeddings and search over a database of their own, with a clock that only moves when somebody sleeps. */
export const openEmbeddings = async () => {
  const database = await createTestDatabase();
  const pools: LazyPool[] = [];
  const openPool = () => {
    const pool = createPool({ databaseUrl: database.url, size: 4 });
    pools.push(pool);
    return pool;
  };
  const pool = openPool();
  const inferences = createInferenceRepository({ pool });
  const clock = { now: Date.now() };
  const now = () => clock.now;
  const sleep = async (ms: number) => {
    clock.now += Math.max(0, ms);
  };

  /** A process of its own, as far as the database can tell. */
  const openProcess = (options: ProcessOptions = {}) => {
    const { provider = createEchoProvider({ name: 'echo' }), model = 'echo-embedding', dimensions } = options;
    const own = openPool();
    const repository = options.repository ?? createEmbeddingRepository({ pool: own });
    const conductor = createFakeConductor();
    const logger = createMemoryLogger();
    const { embedding, runner, service } = createEmbeddings({
      repository,
      providers: new Map([[provider.name, provider]]),
      configured: model === null ? null : { provider: provider.name, model, dimensions: dimensions ?? null },
      conductor,
      pace: options.pace ?? unlimitedPace,
      findPrice: async () => ({
        id: '0198c0de-0000-7000-8000-00000000000a',
        inputPerMillion: '0.02',
        cachedInputPerMillion: null,
        outputPerMillion: '0',
        reasoningPerMillion: null,
      }),
      logger,
      leaseGraceMs: 30_000,
      now,
      sleep,
    });
    const search = createSearchService({
      repository: inferences,
      // So few that the index is used.
      meaningRepository: createMeaningRepository({ pool: own, readPool: own, mostCompared: 100 }),
      embeddingRepository: repository,
      embedding,
      now,
    });
    return { repository, runner, service, search, conductor, logger };
  };

  return {
    kind: database.kind,
    clock,
    inferences,
    openProcess,
    /** The pace of providers with limits, over this database and clock. */
    paceOf: (limits: Readonly<Record<string, ProviderLimit>>) =>
      createProviderPace({ repository: createBatchRepository({ pool }), limits, now, sleep }),
    /** Settled runs, one a prompt. @returns their ids */
    record: async (
      prompts: readonly string[],
      run: Partial<NewRun> = {},
      answer: Partial<RunSettlement> = {},
    ) => {
      const runs = prompts.map((content, place) => {
        const made = exampleRun({
          messages: [{ role: 'user', content }],
          createdAt: new Date(clock.now - prompts.length + place),
          ...run,
        });
        return { run: made, settlement: exampleSettlement(made, answer) };
      });
      await inferences.insertSettledRuns(runs);
      return runs.map(({ run: { id } }) => id);
    },
    calls: async () =>
      (await pool.connect()).any(sql.type(Call)`
        select
          purpose, outcome, input_count as "inputCount", input_tokens as "inputTokens", cost_usd as "costUsd",
          http_status as "httpStatus", provider_request_id as "providerRequestId"
        from embedding_calls order by started_at, id`),
    refusals: async () =>
      (await pool.connect()).any(sql.type(Refusal)`
        select distinct f.reason, left(r.prompt_text, 40) as text
        from embedding_refusals as f
        join prompt_runs as p on p.prompt_id = f.prompt_id
        join inference_runs as r on r.id = p.run_id`),
    close: async () => {
      await inferences.close();
      for (const each of pools) await each.end();
      await database.drop();
    },
  };
};
export type OpenEmbeddings = Awaited<ReturnType<typeof openEmbeddings>>;
