// Orchestrators run again from the start with each event: no clock, no randomness, no I/O, nothing of Node or of ours. A
// test holds this file to it, and another to the actions that recorded histories lead to.
import { type OrchestrationContext, type OrchestrationHandler, RetryOptions } from 'durable-functions';

/** Names are part of histories that run: they never change. A call of an unknown one would hang for ever. */
export const batchFunctionNames = { batch: 'batch', lane: 'batchLane', turn: 'runBatchLane' } as const;

export type BatchStart = { batchId: string; generation: number; lanes: number };
type LaneInput = { batchId: string; generation: number; lane: number; round: number };
type TurnReport = { next: 'done' | 'again' | 'wait'; until: string | null };

const retrying = (firstMs: number, attempts: number, longestMs: number): RetryOptions => {
  const options = new RetryOptions(firstMs, attempts);
  options.backoffCoefficient = 2;
  options.maxRetryIntervalInMilliseconds = longestMs;
  return options;
};
/** A turn that fails (the database is away) is tried for some minutes; then the lane itself, then the tick's next generation. */
const turnRetry = retrying(1000, 10, 60_000);
const laneRetry = retrying(10_000, 3, 60_000);

/** Starts the lanes of one generation of a batch, and ends with the last of them. Only ids and counts pass through here. */
export const batchOrchestrator: OrchestrationHandler = function* (context: OrchestrationContext) {
  const { batchId, generation, lanes } = context.df.getInput<BatchStart>();
  const tasks = Array.from({ length: lanes }, (_, lane) => {
    const input: LaneInput = { batchId, generation, lane, round: 1 };
    return context.df.callSubOrchestratorWithRetry(batchFunctionNames.lane, laneRetry, input);
  });
  yield context.df.Task.all(tasks);
};

/**
 * One turn of a lane after the other. A wait is a durable timer: no activity runs meanwhile. The timer may fire early; the
 * next turn looks at the clock itself.
 */
export const laneOrchestrator: OrchestrationHandler = function* (context: OrchestrationContext) {
  const input = context.df.getInput<LaneInput>();
  const report: TurnReport = yield context.df.callActivityWithRetry(
    batchFunctionNames.turn,
    turnRetry,
    input,
  );
  if (report.next === 'done') return;
  if (report.next === 'wait' && report.until !== null) yield context.df.createTimer(new Date(report.until));
  context.df.continueAsNew({ ...input, round: input.round + 1 });
};
