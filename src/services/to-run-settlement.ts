import type { NewRun, RunSettlement } from '../db/inference-repository.ts';
import type { Asked } from './ask-provider.ts';
import { sumCosts } from './cost.ts';

/**
 * The run takes its answer from the last attempt; only cost and time are those of all attempts together. What a run waited for
 * its turn is not the provider's doing, and left out.
 */
export const toRunSettlement = (
  run: Pick<NewRun, 'id' | 'createdAt'>,
  { last, costs, waitedMs }: Asked,
): RunSettlement => ({
  runId: run.id,
  ...last.run,
  servedModel: last.settlement.servedModel,
  usage: last.settlement.usage,
  costUsd: sumCosts(costs),
  latencyMs: Math.max(0, last.settlement.settledAt.getTime() - run.createdAt.getTime() - waitedMs),
  attemptCount: costs.length,
  error: last.settlement.error,
  providerRequestId: last.settlement.providerRequestId,
  settledAt: last.settlement.settledAt,
  lastAttempt: last.settlement,
});
