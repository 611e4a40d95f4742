import type { NewRun, RunSettlement } from '../../db/runs/inference-repository.ts';
import type { Asked } from './ask-provider.ts';
import { sumCosts } from './cost.ts';

/**
 * The run takes its answer from the last attempt; only cost and time are those of all attempts together. What a run waited for
 * its turn is not the provider's doing, and left out.
 */
export const toRunSettlement = (
  run: Pick<NewRun, 'id' | 'createdAt'>,
  { last, costs, waitedMs }: Asked,
): RunSettlement => {
  const { settledAt, latencyMs: lastLatencyMs, firstTokenMs = null } = last.settlement;
  const latencyMs = Math.max(0, settledAt.getTime() - run.createdAt.getTime() - waitedMs);
  return {
    runId: run.id,
    ...last.run,
    servedModel: last.settlement.servedModel,
    usage: last.settlement.usage,
    costUsd: sumCosts(costs),
    latencyMs,
    // What came after the first token is the last attempt's alone.
    firstTokenMs: firstTokenMs === null ? null : Math.max(0, latencyMs - (lastLatencyMs - firstTokenMs)),
    attemptCount: costs.length,
    error: last.settlement.error,
    providerRequestId: last.settlement.providerRequestId,
    settledAt,
    lastAttempt: last.settlement,
  };
};
