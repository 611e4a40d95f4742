import type { EmbeddingModel, EmbeddingRepository } from '../../db/embeddings/embedding-repository.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { EmbeddingConductor } from './embedding-conductor.ts';
import type { EmbeddingRunner } from './embedding-runner.ts';
import type { EmbeddingService } from './embedding-service.ts';

export type EmbeddingServiceDependencies = {
  repository: Pick<EmbeddingRepository, 'openSpace' | 'raiseGeneration' | 'sweepCalls'>;
  runner: Pick<EmbeddingRunner, 'runTurn'>;
  conductor: EmbeddingConductor;
  /** null: none is configured. */
  model: EmbeddingModel | null;
  logger: Logger;
  /** Epoch ms. */
  now?: (() => number) | undefined;
  /** How long nothing is recorded before what was is embedded. */
  quietMs?: number;
};

/** The tick has other work too. */
const momentMs = 3000;
/** A job shows that it is there with each claim. */
const jobGoneMs = 120_000;
const usualQuietMs = 3000;

export const createEmbeddingService = (dependencies: EmbeddingServiceDependencies): EmbeddingService => {
  const { repository, runner, conductor, model, logger } = dependencies;
  const { now = Date.now, quietMs = usualQuietMs } = dependencies;
  let timer: NodeJS.Timeout | null = null;
  let recordedAt = 0;

  const isJobThere = (seenAt: Date | null): boolean =>
    seenAt !== null && now() - seenAt.getTime() < jobGoneMs;

  /** A failure is no more than a line in the log: the next tick tries again. */
  const startJob = async (opened: EmbeddingModel): Promise<void> => {
    const { id: spaceId, generation, jobSeenAt } = await repository.openSpace(opened, new Date(now()));
    if (isJobThere(jobSeenAt) || !(await repository.raiseGeneration(spaceId, generation))) return;
    try {
      await conductor.startEmbedding({ spaceId, generation: generation + 1 });
    } catch (error) {
      logger.warn('embedding job not started yet, the next tick will', { spaceId, error });
    }
  };

  const runQuietly = async (): Promise<void> => {
    try {
      await runner.runTurn({ withinMs: momentMs, isJob: false });
    } catch (error) {
      logger.warn('prompts not embedded yet, the tick will', { error });
    }
  };

  const wait = (ms: number): void => {
    timer = setTimeout(() => {
      timer = null;
      const leftMs = recordedAt + quietMs - now();
      if (leftMs > 0) wait(leftMs);
      else void runQuietly();
    }, ms);
    timer.unref();
  };

  return {
    tend: async () => {
      const lost = await repository.sweepCalls(new Date(now()));
      if (lost > 0) logger.warn('calls of the embedding model declared lost', { count: lost });
      const { next, embedded } = await runner.runTurn({ withinMs: momentMs, isJob: false });
      if (next === 'again' && model !== null) await startJob(model);
      return embedded;
    },
    soon: () => {
      recordedAt = now();
      if (timer === null && model !== null) wait(quietMs);
    },
    stop: () => {
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
};
