import type { Invoke } from '../host/invoke.ts';
import type { RpcTypedData } from '../host/rpc-types.ts';
import { activityFailed } from './activity-failure.ts';
import { activityResult } from './dotnet-values.ts';
import type { DurableFunction } from './durable-functions.ts';
import type { ActivityTask, InstanceRecord } from './durable-records.ts';
import { type HistoryEvent, historyEvent } from './history-event.ts';
import { type OrchestratorAnswer, readAnswer, readThrownAnswer } from './orchestrator-answer.ts';

/**
 * Calls an orchestrator with its whole history. The library gets a longest timer of ten years, so that it never splits
 * a long one.
 */
export const callOrchestrator = async (options: {
  invoke: Invoke;
  orchestrator: DurableFunction;
  instance: InstanceRecord;
  history: readonly HistoryEvent[];
  isReplaying: boolean;
}): Promise<OrchestratorAnswer> => {
  const { orchestrator, instance } = options;
  const string = JSON.stringify({
    history: options.history,
    input: instance.input === null ? null : JSON.parse(instance.input),
    instanceId: instance.id,
    isReplaying: options.isReplaying,
    parentInstanceId: instance.parent?.OrchestrationInstance.InstanceId ?? null,
    upperSchemaVersion: 1,
    upperSchemaVersionNew: 3,
    longRunningTimerIntervalDuration: '3.00:00:00',
    maximumShortTimerDuration: '3650.00:00:00',
    defaultHttpAsyncRequestSleepTimeMillseconds: 30000,
  });
  try {
    const inputData = [{ name: orchestrator.bindingName, data: { string } }];
    const { returnValue } = await options.invoke(orchestrator.name, inputData, {});
    const json = returnValue?.json ?? returnValue?.string;
    if (json === undefined) {
      return readThrownAnswer(
        'The data returned by the out-of-process function execution was not valid json.',
      );
    }
    return readAnswer(json);
  } catch (error) {
    return readThrownAnswer(error);
  }
};

/** `instanceId`, the data, and every top-level key of an object, as the extension announces them. */
const activityMetadata = ({ instanceId, input }: ActivityTask): Record<string, RpcTypedData> => {
  const metadata: Record<string, RpcTypedData> = { instanceId: { string: instanceId } };
  if (input === null) return metadata;
  metadata.data = { string: input };
  if (!input.startsWith('{')) return metadata;
  try {
    for (const [key, value] of Object.entries(JSON.parse(input) as Record<string, unknown>)) {
      metadata[key] = typeof value === 'string' ? { string: value } : { json: JSON.stringify(value) };
    }
  } catch {
    // A text that only looks like an object.
  }
  return metadata;
};

/** Calls an activity and gives the event for its orchestration; `thrown` is there when it failed. */
export const callActivity = async (options: {
  invoke: Invoke;
  activity: DurableFunction;
  task: ActivityTask;
  timestamp: () => string;
}): Promise<{ event: HistoryEvent; thrown?: unknown }> => {
  const { activity, task } = options;
  const completed = (result: string | null): HistoryEvent =>
    historyEvent('taskCompleted', options.timestamp(), { TaskScheduledId: task.taskId, Result: result });
  try {
    const data = task.input === null ? {} : { string: task.input };
    const inputData = [{ name: activity.bindingName, data }];
    const { returnValue } = await options.invoke(activity.name, inputData, activityMetadata(task));
    return { event: completed(activityResult(returnValue)) };
  } catch (thrown) {
    // `Promise.reject(undefined)` counts as success without a value.
    if (thrown === undefined) return { event: completed(null) };
    const { taskId, name } = task;
    return { event: activityFailed({ taskId, name, thrown, timestamp: options.timestamp() }), thrown };
  }
};
