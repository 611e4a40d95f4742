import type { OrchestrationContext } from './orchestration-context.ts';
import { actionTypes, type OrchestratorAction, type RetryOptions } from './orchestrator-answer.ts';
import { createSyncTask, type SyncTask, settledTask, whenAll, whenAny } from './sync-task.ts';

export type FunctionKind = 'activity' | 'orchestrator';

export type ActionSurroundings = {
  context: OrchestrationContext;
  executionId: string;
  /** Whether the app has such a function; names ignore case. */
  knows(kind: FunctionKind, name: string): boolean;
  continueAsNew(input: unknown): void;
};

/** The action needs a part of Durable Functions that this engine leaves out. */
export class UnsupportedActionError extends Error {
  override readonly name = 'UnsupportedActionError';
}

/** .NET's own default where the options name no longest interval. */
const sixDaysMs = 6 * 24 * 3_600_000;

/**
 * Retries as the extension does them (`RetryInterceptor`): after every failure a timer, after the last one a timer that
 * is due at once, then the failure. When `retryTimeoutInMilliseconds` has passed there is no timer, though the library
 * waits for one.
 */
const withRetry = (
  { context }: ActionSurroundings,
  options: RetryOptions,
  attempt: () => SyncTask,
): SyncTask => {
  const outer = createSyncTask();
  const startedAt = context.now;
  const timeoutMs = options.retryTimeoutInMilliseconds ?? Number.POSITIVE_INFINITY;
  const longestMs = options.maxRetryIntervalInMilliseconds ?? sixDaysMs;
  const tryOnce = (failuresBefore: number): void => {
    attempt().onEnd((end) => {
      if (end === 'succeeded') return outer.settle('succeeded');
      if (context.now >= startedAt + timeoutMs) return outer.settle('failed');
      const last = failuresBefore + 1 >= options.maxNumberOfAttempts;
      const grown =
        options.firstRetryIntervalInMilliseconds * (options.backoffCoefficient ?? 1) ** failuresBefore;
      const fireAt = new Date(context.now + (last ? 0 : Math.min(grown, longestMs))).toISOString();
      const { task } = context.schedule(() => ({ kind: 'timer', fireAt, retry: true }));
      task.onEnd(() => (last ? outer.settle('failed') : tryOnce(failuresBefore + 1)));
    });
  };
  tryOnce(0);
  return outer;
};

/** Begins one action of the library's answer as the extension's shim does, taking the sequence numbers it takes. */
export const startAction = (action: OrchestratorAction, around: ActionSurroundings): SyncTask => {
  const { context } = around;
  const name = action.functionName ?? '';
  const callActivity = (): SyncTask =>
    context.schedule(() => ({ kind: 'activity', name, input: action.input })).task;
  const callSubOrchestrator = (): SyncTask =>
    context.schedule((id) => ({
      kind: 'subOrchestration',
      name,
      instanceId: action.instanceId || `${around.executionId}:${id}`,
      input: action.input,
    })).task;
  const call = (kind: FunctionKind, attempt: () => SyncTask): SyncTask => {
    // An unknown name fails inside .NET without a number and without an event: the library waits for ever.
    if (!around.knows(kind, name)) return settledTask('failed');
    return action.retryOptions === undefined ? attempt() : withRetry(around, action.retryOptions, attempt);
  };
  const children = (): SyncTask[] =>
    (action.compoundActions ?? []).map((child) => startAction(child, around));

  switch (action.actionType) {
    case actionTypes.callActivity:
    case actionTypes.callActivityWithRetry:
      return call('activity', callActivity);
    case actionTypes.callSubOrchestrator:
    case actionTypes.callSubOrchestratorWithRetry:
      return call('orchestrator', callSubOrchestrator);
    case actionTypes.continueAsNew:
      around.continueAsNew(action.input);
      return settledTask('succeeded');
    case actionTypes.createTimer: {
      const fireAt = action.fireAt ?? new Date(context.now).toISOString();
      const { id, task } = context.schedule(() => ({ kind: 'timer', fireAt, retry: false }));
      if (action.isCanceled === true) context.cancel(id);
      return task;
    }
    case actionTypes.waitForExternalEvent:
      return context.waitForEvent(action.externalEventName ?? '');
    case actionTypes.whenAny:
      return whenAny(children());
    case actionTypes.whenAll:
      return whenAll(children());
    default:
      throw new UnsupportedActionError(
        `action type ${action.actionType} (entities, locks, callHttp) is not offered by the local Durable engine`,
      );
  }
};
