import type { OrchestratorAction, OrchestratorAnswer } from './orchestrator-answer.ts';
import { actionTypes } from './orchestrator-answer.ts';
import type { Replay } from './replay-orchestration.ts';
import type { FunctionKind } from './start-action.ts';

const maxTasks = 100;
/** Above this Azure Storage keeps a payload elsewhere; an orchestration should carry ids. */
const maxInputBytes = 64 * 1024;

const children = (action: OrchestratorAction): OrchestratorAction[] =>
  action.compoundActions === undefined ? [action] : action.compoundActions.flatMap(children);

const isRetryable = ({ retryOptions }: OrchestratorAction): boolean => retryOptions !== undefined;

const isPlainObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const perAction = (
  action: OrchestratorAction,
  knows: (kind: FunctionKind, name: string) => boolean,
): string | null => {
  const { actionType: type, functionName: name = '', input } = action;
  const isActivity = type === actionTypes.callActivity || type === actionTypes.callActivityWithRetry;
  const isCall = isActivity || name !== '';
  if (isCall && !knows(isActivity ? 'activity' : 'orchestrator', name)) {
    return `there is no function "${name}"; in Azure the instance stays Running for ever`;
  }
  if (action.retryOptions?.retryTimeoutInMilliseconds !== undefined) {
    return `retryTimeoutInMilliseconds is set for ${name}; when it expires the instance stays Running for ever`;
  }
  if (isActivity && !isPlainObject(input)) {
    return `the input of activity ${name} is no object; booleans, dates and undefined do not arrive as they are`;
  }
  const bytes = input === undefined ? 0 : Buffer.byteLength(JSON.stringify(input));
  if (bytes > maxInputBytes) {
    return `the input of ${name || 'continueAsNew'} has ${bytes} bytes, more than ${maxInputBytes}; pass ids`;
  }
  return null;
};

/** A task that stands in two yields: the extension schedules it again, and results land in wrong places. */
const reYielded = (actions: readonly OrchestratorAction[]): string | null => {
  const seen = new Map<string, { at: number; compound: boolean }>();
  for (const [at, action] of actions.entries()) {
    const compound = action.compoundActions !== undefined;
    for (const child of children(action)) {
      if (child.actionType === actionTypes.waitForExternalEvent) continue;
      if (child.actionType === actionTypes.continueAsNew) continue;
      const key = JSON.stringify({ ...child, isCanceled: undefined });
      const before = seen.get(key);
      if (before !== undefined && before.at !== at && (before.compound || compound)) {
        const what = child.functionName ?? `a timer for ${child.fireAt}`;
        return `${what} stands in two yields with the same input: a task that is yielded twice runs twice (calls that only look alike need a distinguishing input)`;
      }
      seen.set(key, { at, compound });
    }
  }
  return null;
};

/**
 * The first thing in an answer that would corrupt, hang or fail the instance in Azure, though the emulation would go on
 * with it; null when there is none.
 */
export const strictViolation = (options: {
  answer: OrchestratorAnswer;
  replay: Replay;
  knows: (kind: FunctionKind, name: string) => boolean;
}): string | null => {
  const { answer, replay } = options;
  const { after } = replay;
  if (answer.crash !== null) return null;
  for (const action of answer.actions.flatMap(children)) {
    const found = perAction(action, options.knows);
    if (found !== null) return found;
  }
  const again = reYielded(answer.actions);
  if (again !== null) return again;
  if (answer.thrown && !answer.error) {
    return 'the orchestrator threw something that is no error, or one without a message; in Azure the instance stays Running for ever';
  }
  if (after.context.nextId > maxTasks) {
    return `${after.context.nextId} tasks in one orchestration, more than ${maxTasks}; use sub-orchestrations or continueAsNew`;
  }
  const custom = answer.customStatus === undefined ? '' : JSON.stringify(answer.customStatus);
  if (custom.length * 2 > 16 * 1024) return 'the custom status is above 16 KB in UTF-16; the instance fails';
  if (after.nonDeterminism || replay.suspended || replay.completion !== null) return null;

  const at = after.waitsAt;
  const waitsFor = at === null ? undefined : answer.actions[at];
  const wentOn = at !== null && at < answer.actions.length - 1;
  if (wentOn && waitsFor?.actionType === actionTypes.whenAll && children(waitsFor).some(isRetryable)) {
    return 'the failure of a Task.all over retryable tasks was caught and more was scheduled; in Azure later results go to wrong tasks';
  }
  const over = answer.isDone || Boolean(answer.error);
  const open = [...after.context.openTasks.values()].map(({ decision }) => decision);
  if (over && at === null && open.some((decision) => decision.kind === 'timer' && !decision.retry)) {
    return 'the orchestrator has ended with a timer that is not cancelled; the instance stays Running until it fires';
  }
  if (!over && at === null && open.length === 0) {
    return 'the library waits for something that the extension thinks is over (event names differ in case?); the instance stays Running for ever';
  }
  return null;
};
