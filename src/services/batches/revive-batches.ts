import type { BatchRepository, UnfinishedBatch } from '../../db/batches/batch-repository.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { type BatchConductor, createStartBatch } from './batch-conductor.ts';

export type ReviveBatchesDependencies = {
  repository: Pick<
    BatchRepository,
    'listUnfinishedBatches' | 'nextReadyAt' | 'raiseGeneration' | 'findBatch'
  >;
  conductor: BatchConductor;
  logger: Logger;
  stallMs: number;
  now: () => number;
};

/** A batch this young is being started by whoever made it, in ms. */
const startingMs = 10_000;
const mostBatches = 200;

/**
 * Gives every batch that could go on an orchestration that does: one that was never started or has vanished is started, one that
 * has ended, or has not moved for `stallMs`, is followed by the next generation. The old one, should it still live, leases
 * nothing any more. @returns how many were started
 */
export const createReviveBatches = ({
  repository,
  conductor,
  logger,
  stallMs,
  now,
}: ReviveBatchesDependencies) => {
  const startBatch = createStartBatch({ conductor, logger });

  const revive = async (batch: UnfinishedBatch): Promise<boolean> => {
    const { id, generation, progressedAt } = batch;
    const idleMs = now() - Date.parse(progressedAt);
    const state = await conductor.state(id, generation);
    if (state === 'running' && (idleMs < stallMs || batch.inProgress > 0)) return false;
    if (state === 'missing' && idleMs < startingMs) return false;
    const readyAt = await repository.nextReadyAt(id, new Date(now()));
    // What is under way elsewhere ends by itself, or comes back when its lease is over.
    if (readyAt === null) return false;
    if (state === 'running' && readyAt.getTime() > now()) return false;
    if (state !== 'missing') {
      if (!(await repository.raiseGeneration(id, generation, new Date(now())))) return false;
      logger.warn('batch gets a new orchestration', { batchId: id, generation, state, idleMs });
    }
    const current = await repository.findBatch(id);
    return current !== null && (await startBatch(current));
  };

  return async (): Promise<number> => {
    let started = 0;
    for (const batch of await repository.listUnfinishedBatches(new Date(now()), mostBatches)) {
      try {
        if (await revive(batch)) started += 1;
      } catch (error) {
        logger.error('batch could not be looked after', { batchId: batch.id, error });
      }
    }
    return started;
  };
};
