// Orchestrators run again from the start with each event: no clock, no randomness, no I/O, nothing of Node or of ours. A
// test holds this file to it.
import { type OrchestrationContext, type OrchestrationHandler, RetryOptions } from 'durable-functions';

/** Names are part of histories that run: they never change. A call of an unknown one would hang for ever. */
export const embeddingFunctionNames = { embed: 'embed', turn: 'runEmbedding' } as const;

export type EmbeddingStart = { spaceId: number; generation: number; round: number };
type TurnReport = { next: 'done' | 'again' };

/** A turn that fails (the database is away) is tried for a minute or two; then comes the tick's next generation. */
const turnRetry = new RetryOptions(5000, 4);
turnRetry.backoffCoefficient = 3;

/** One turn after the other, until no prompt waits that may be embedded now. Only ids and counts pass through here. */
export const embeddingOrchestrator: OrchestrationHandler = function* (context: OrchestrationContext) {
  const input = context.df.getInput<EmbeddingStart>();
  const report: TurnReport = yield context.df.callActivityWithRetry(
    embeddingFunctionNames.turn,
    turnRetry,
    input,
  );
  if (report.next === 'again') context.df.continueAsNew({ ...input, round: input.round + 1 });
};
