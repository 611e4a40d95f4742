import { randomUUIDv7 } from 'node:crypto';
import type { BatchRepository } from '../../db/batches/batch-repository.ts';
import type { Provider } from '../../providers/provider.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { AskAndRecord } from '../calls/ask-and-record.ts';
import type { FindPrice } from '../calls/find-price.ts';
import type { ProviderPace } from '../calls/provider-pace.ts';
import type { TokenLimits } from '../prompts/token-limits.ts';
import { createAskItems } from './ask-items.ts';
import type { BatchRunner, LaneReport } from './batch-runner.ts';
import { createLostItems } from './end-lost-items.ts';
import { createProviderHealth } from './provider-health.ts';
import { isCurrent, runLane } from './run-lane.ts';
import { createSettleUnsent } from './settle-unsent.ts';

export type BatchRunnerDependencies = {
  repository: BatchRepository;
  providers: ReadonlyMap<string, Provider>;
  askAndRecord: AskAndRecord;
  findPrice: FindPrice;
  pace: ProviderPace;
  logger: Logger;
  limits: TokenLimits & { defaultDeadlineMs: number; leaseGraceMs: number };
  /** When a turn begins nothing new any more, in ms. */
  turnMs?: number | undefined;
  /** Epoch ms. */
  now?: (() => number) | undefined;
  random?: (() => number) | undefined;
  newId?: (() => string) | undefined;
};

/** Of the platform's ten minutes four for taking up work, five for the last answer. */
const usualTurnMs = 240_000;

export const createBatchRunner = (dependencies: BatchRunnerDependencies): BatchRunner => {
  const { repository, pace, logger, limits } = dependencies;
  const { now = Date.now, random = Math.random, newId = randomUUIDv7 } = dependencies;
  let isStopping = false;
  const turns = new Set<Promise<LaneReport>>();
  const health = createProviderHealth();
  const leaseMs = limits.leaseGraceMs;
  const settleUnsent = createSettleUnsent({ repository, logger, now });
  const askItems = createAskItems({ ...dependencies, health, now, random, newId });
  const lane = {
    repository,
    pace,
    askItems,
    lostItems: createLostItems({ repository, health, settleUnsent, leaseMs, now }),
    isHeard: (provider: string) => health.isHeard(provider, now()),
    leaseMs,
    // Within the grace that its lease has beyond its deadline, with room for settling it.
    admitWithinMs: Math.ceil(limits.leaseGraceMs / 3),
    now,
    newId,
    isStopping: () => isStopping,
    turnMs: dependencies.turnMs ?? usualTurnMs,
  };

  return {
    runLane: async (turn) => {
      const batch = await repository.findBatch(turn.batchId);
      if (!isCurrent(batch, turn)) return { next: 'done', until: null, asked: 0, settled: 0 };
      const startedAt = now();
      const work = runLane(lane, turn, batch);
      turns.add(work);
      try {
        const report = await work;
        logger.info('batch lane', { ...turn, ...report, ms: now() - startedAt });
        return report;
      } finally {
        turns.delete(work);
      }
    },
    isAtWork: () => turns.size > 0,
    stop: async () => {
      isStopping = true;
      await Promise.allSettled(turns);
    },
  };
};
