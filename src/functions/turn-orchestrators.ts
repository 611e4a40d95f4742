// Orchestrators run again from the start with each event: no clock, no randomness, no I/O, nothing of Node or of ours. A
// test holds this file to it.
import { type OrchestrationContext, type OrchestrationHandler, RetryOptions } from 'durable-functions';

/** Names are part of histories that run: they never change. A call of an unknown one would hang for ever. */
export const exportFunctionNames = { export: 'export', turn: 'runExport' } as const;
export const embeddingFunctionNames = { embed: 'embed', turn: 'runEmbedding' } as const;

export type ExportStart = { exportId: string; generation: number; round: number };
export type EmbeddingStart = { spaceId: number; generation: number; round: number };
type TurnReport = { next: 'done' | 'again' };

/** A turn that fails (the database is away) is tried for some minutes; then comes the tick's next generation. */
const turnRetry = new RetryOptions(1000, 8);
turnRetry.backoffCoefficient = 2;
turnRetry.maxRetryIntervalInMilliseconds = 60_000;

/** One turn after the other, until nothing is left to do. Only ids and counts pass through here. */
const turnsOf = (activity: string): OrchestrationHandler =>
  function* (context: OrchestrationContext) {
    const input = context.df.getInput<{ round: number }>();
    const report: TurnReport = yield context.df.callActivityWithRetry(activity, turnRetry, input);
    if (report.next === 'again') context.df.continueAsNew({ ...input, round: input.round + 1 });
  };

export const exportOrchestrator = turnsOf(exportFunctionNames.turn);
export const embeddingOrchestrator = turnsOf(embeddingFunctionNames.turn);
