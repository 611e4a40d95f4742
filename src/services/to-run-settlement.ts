import type { NewRun, RunSettlement } from '../db/inference-repository.ts';
import type { AttemptResult } from './attempt-result.ts';
import { sumCosts } from './cost.ts';

/** The run takes its answer from the last attempt; only cost and time are those of all attempts together. */
export const toRunSettlement = (
  run: Pick<NewRun, 'id' | 'createdAt'>,
  last: AttemptResult,
  costs: readonly (string | null)[],
): RunSettlement => ({
  runId: run.id,
  ...last.run,
  servedModel: last.settlement.servedModel,
  usage: last.settlement.usage,
  costUsd: sumCosts(costs),
  latencyMs: Math.max(0, last.settlement.settledAt.getTime() - run.createdAt.getTime()),
  attemptCount: costs.length,
  error: last.settlement.error,
  providerRequestId: last.settlement.providerRequestId,
  settledAt: last.settlement.settledAt,
  lastAttempt: last.settlement,
});
