import { type InstanceRecord, isTerminal } from './durable-records.ts';
import { eventTypes, type HistoryEvent } from './history-event.ts';

const parsed = (json: string | null): unknown => (json === null ? null : JSON.parse(json));

/** Whole seconds, as the extension gives times in a status. */
const seconds = (time: number): string => `${new Date(time).toISOString().slice(0, 19)}Z`;

/** What the management API says about one instance. */
export const statusBody = (instance: InstanceRecord, showInput: boolean): Record<string, unknown> => ({
  name: instance.name,
  instanceId: instance.id,
  runtimeStatus: instance.status,
  input: showInput ? parsed(instance.input) : null,
  customStatus: parsed(instance.customStatus),
  output: parsed(instance.output),
  createdTime: seconds(instance.createdAt),
  lastUpdatedTime: seconds(instance.updatedAt),
});

/** 202 while an instance is under way, 200 afterwards, 500 for a failure when the caller wants that. */
export const statusCode = (instance: InstanceRecord, failureIs500: boolean): number => {
  if (!isTerminal(instance.status)) return 202;
  return failureIs500 && instance.status === 'Failed' ? 500 : 200;
};

const names = new Map<number, string>([
  [eventTypes.executionStarted, 'ExecutionStarted'],
  [eventTypes.executionCompleted, 'ExecutionCompleted'],
  [eventTypes.executionTerminated, 'ExecutionTerminated'],
  [eventTypes.taskScheduled, 'TaskScheduled'],
  [eventTypes.taskCompleted, 'TaskCompleted'],
  [eventTypes.taskFailed, 'TaskFailed'],
  [eventTypes.subOrchestrationCreated, 'SubOrchestrationInstanceCreated'],
  [eventTypes.subOrchestrationCompleted, 'SubOrchestrationInstanceCompleted'],
  [eventTypes.subOrchestrationFailed, 'SubOrchestrationInstanceFailed'],
  [eventTypes.timerCreated, 'TimerCreated'],
  [eventTypes.timerFired, 'TimerFired'],
  [eventTypes.eventRaised, 'EventRaised'],
  [eventTypes.executionSuspended, 'ExecutionSuspended'],
  [eventTypes.executionResumed, 'ExecutionResumed'],
]);

const tryParse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** `Result` is shown as a value, and only on demand. */
const withResult = (event: Record<string, unknown>, showOutput: boolean): Record<string, unknown> => {
  if (!('Result' in event)) return event;
  const { Result, ...rest } = event;
  if (!showOutput) return rest;
  return { ...event, Result: typeof Result === 'string' ? tryParse(Result) : Result };
};

/**
 * The history as the management API shows it: without the frames of the episodes, and a completion in the place of
 * what scheduled it, with its time, name and input.
 */
export const shownHistory = (
  history: readonly HistoryEvent[],
  showOutput: boolean,
): Record<string, unknown>[] => {
  const scheduled = new Map<number, { at: number; event: HistoryEvent }>();
  const shown: (Record<string, unknown> | null)[] = [];
  for (const event of history) {
    const name = names.get(event.EventType);
    if (name === undefined) continue;
    const { EventId, IsPlayed, TaskScheduledId, TimerId, ...fields } = event;
    const entry: Record<string, unknown> = { ...fields, EventType: name };
    const isStart = event.EventType === eventTypes.executionStarted;
    if (isStart) {
      for (const hidden of ['OrchestrationInstance', 'ParentInstance', 'Name', 'Version', 'Tags']) {
        delete entry[hidden];
      }
      entry.FunctionName = event.Name;
    }
    const began = scheduled.get(TaskScheduledId ?? -1);
    if (began !== undefined) {
      shown[began.at] = null;
      entry.ScheduledTime = began.event.Timestamp.replace(/Z$/, '+00:00');
      entry.FunctionName = began.event.Name;
      if (began.event.InstanceId !== undefined) entry.InstanceId = began.event.InstanceId;
      entry.Input = null;
    }
    const isSchedule = EventId >= 0 && event.EventType !== eventTypes.executionCompleted;
    if (isSchedule) {
      delete entry.Version;
      scheduled.set(EventId, { at: shown.length, event });
    }
    shown.push(withResult(entry, showOutput));
  }
  return shown.filter((entry) => entry !== null);
};
