import { eventTypes, type HistoryEvent } from './history-event.ts';
import { type Decision, NonDeterminismError, OrchestrationContext } from './orchestration-context.ts';
import type { OrchestratorAnswer } from './orchestrator-answer.ts';
import { type ActionSurroundings, startAction } from './start-action.ts';

export type Completion =
  | { status: 'Completed'; output: unknown }
  | { status: 'Failed'; reason: string; details: string | null; failureDetails: unknown }
  | { status: 'Terminated'; reason: string | null }
  | { status: 'ContinuedAsNew'; input: unknown };

export type Replay = {
  /** What is to be done now, in the order of its numbers. */
  decisions: Decision[];
  /** How the execution ends; null while it goes on. */
  completion: Completion | null;
  /** JSON text; null when the answer sets none, which also clears an earlier one. */
  customStatus: string | null;
  suspended: boolean;
  /** For rules beyond the emulation. */
  after: {
    /** Index of the action that .NET waits for; null when all have ended. */
    waitsAt: number | null;
    context: OrchestrationContext;
    nonDeterminism: boolean;
  };
};

const maxCustomStatusBytes = 16 * 1024;
/** The first stack frame that the extension puts behind an orchestrator's error. */
const dotNetFrame =
  '   at System.Threading.Tasks.Task.ThrowIfExceptional(Boolean includeTaskCanceledExceptions)';

const failed = (reason: string, details: string | null, failureDetails: unknown = null): Completion => ({
  status: 'Failed',
  reason,
  details,
  failureDetails,
});

/**
 * One replay as .NET does it: the history is played event by event against the actions that the library answered, one
 * action after another, each with its numbers only when the one before has ended as .NET sees it. Pure: the same input
 * gives the same result. Throws `UnsupportedActionError`.
 */
export const replayOrchestration = (options: {
  /** Whole history, with the events that came now at its end. */
  history: readonly HistoryEvent[];
  answer: OrchestratorAnswer;
  name: string;
  executionId: string;
  knows: ActionSurroundings['knows'];
}): Replay => {
  const { answer } = options;
  const context = new OrchestrationContext();
  let result: Completion | null = null;
  let terminated: Completion | null = null;
  let nextInput: { input: unknown } | null = null;
  let waitsAt: number | null = null;
  let suspended = false;
  let queued: HistoryEvent[] = [];
  const around: ActionSurroundings = {
    context,
    executionId: options.executionId,
    knows: options.knows,
    continueAsNew: (input) => {
      nextInput = { input };
    },
  };
  const failure = (message: string): Completion =>
    failed(
      `Orchestrator function '${options.name}' failed: ${message}`,
      `Message: ${message}, StackTrace: ${dotNetFrame}`,
      answer.failureDetails === undefined ? null : { InnerFailure: null, ...answer.failureDetails },
    );

  let customStatus: string | null = null;
  let statusFailure: Completion | null = null;
  if (answer.customStatus !== undefined && answer.customStatus !== null) {
    customStatus = JSON.stringify(answer.customStatus);
    const bytes = customStatus.length * 2;
    if (bytes > maxCustomStatusBytes) {
      statusFailure = failure(
        `The UTF-16 size of the JSON-serialized payload must not exceed 16 KB. The current payload size is ${Math.floor(bytes / 1024)} KB.`,
      );
      customStatus = null;
    }
  }

  const runFrom = (index: number): void => {
    for (let i = index; i < answer.actions.length; i++) {
      const action = answer.actions[i];
      if (action === undefined) break;
      const task = startAction(action, around);
      if (task.end === null) {
        waitsAt = i;
        task.onEnd(() => runFrom(i + 1));
        return;
      }
    }
    waitsAt = null;
    if (answer.error) result = failure(answer.error);
    else if (answer.isDone) result = { status: 'Completed', output: answer.output };
  };

  const handle = (event: HistoryEvent): void => {
    const type = event.EventType;
    if (type === eventTypes.executionSuspended) {
      suspended = true;
    } else if (type === eventTypes.executionResumed) {
      suspended = false;
      const waiting = queued;
      queued = [];
      for (const earlier of waiting) play(earlier);
    } else if (type === eventTypes.executionTerminated) {
      terminated ??= { status: 'Terminated', reason: event.Input ?? null };
    } else if (type === eventTypes.executionStarted) {
      if (answer.crash !== null) result = failure(answer.crash);
      else if (statusFailure !== null) result = statusFailure;
      else runFrom(0);
    } else {
      context.handle(event);
    }
  };
  const play = (event: HistoryEvent): void => {
    const type = event.EventType;
    const always = type === eventTypes.executionResumed || type === eventTypes.executionTerminated;
    if (suspended && !always) queued.push(event);
    else handle(event);
  };

  let nonDeterminism = false;
  try {
    for (const event of options.history) {
      if (event.EventType === eventTypes.orchestratorStarted) context.now = Date.parse(event.Timestamp);
      else play(event);
    }
  } catch (error) {
    if (!(error instanceof NonDeterminismError)) throw error;
    nonDeterminism = true;
    result = failed(`Non-Deterministic workflow detected: ${error.message}`, null);
  }

  let completion: Completion | null = terminated;
  if (completion === null && (nonDeterminism || context.openTasks.size === 0)) completion = result;
  const continued = nextInput as { input: unknown } | null;
  if (completion?.status === 'Completed' && continued !== null) {
    completion = { status: 'ContinuedAsNew', input: continued.input };
  }
  return {
    decisions: [...context.decisions.values()].sort((a, b) => a.id - b.id),
    completion,
    customStatus,
    suspended,
    after: { waitsAt, context, nonDeterminism },
  };
};
