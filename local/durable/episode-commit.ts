import { randomUUID } from 'node:crypto';
import { activityInput, dotNetTime, jsonOrNull } from './dotnet-values.ts';
import type { ActivityTask, EpisodeCommit, InboxMessage, InstanceRecord } from './durable-records.ts';
import { eventTypes, executionStarted, type HistoryEvent, historyEvent } from './history-event.ts';
import type { Decision } from './orchestration-context.ts';
import type { Completion, Replay } from './replay-orchestration.ts';

/** Azure Storage delays a message by whole seconds, so a timer fires up to one second early, a short one at once. */
const timerDueAt = (fireAt: string, now: number): number =>
  now + Math.floor(Math.max(0, Date.parse(fireAt) - now) / 1000) * 1000;

type Writing = { instance: InstanceRecord; now: number; commit: EpisodeCommit };

const startMessage = (child: InstanceRecord, generation: number | null, now: number): InboxMessage => ({
  instanceId: child.id,
  executionId: child.executionId,
  messageId: `${child.executionId}:start`,
  dueAt: now,
  event: executionStarted({
    instanceId: child.id,
    executionId: child.executionId,
    name: child.name,
    input: child.input,
    parent: child.parent,
    generation,
    timestamp: dotNetTime(now),
  }),
});

/** A new instance that waits for its first episode, and the message that starts it. */
export const newInstance = (options: {
  id: string;
  name: string;
  input: string | null;
  parent: InstanceRecord['parent'];
  generation: number | null;
  now: number;
}): { instance: InstanceRecord; start: InboxMessage } => {
  const { id, name, input, parent, now } = options;
  const instance: InstanceRecord = {
    id,
    executionId: randomUUID(),
    name,
    input,
    status: 'Pending',
    customStatus: null,
    output: null,
    createdAt: now,
    updatedAt: now,
    parent,
  };
  return { instance, start: startMessage(instance, options.generation, now) };
};

const writeDecision = (decision: Decision, { instance, now, commit }: Writing): void => {
  const timestamp = dotNetTime(now);
  const { id } = decision;
  const scheduled = (type: 'taskScheduled' | 'subOrchestrationCreated' | 'timerCreated', fields: object) =>
    commit.appended.push(historyEvent(type, timestamp, { ...fields }, id));
  const messageId = `${instance.executionId}:${id}`;
  if (decision.kind === 'activity') {
    const { name } = decision;
    scheduled('taskScheduled', {
      Name: name,
      Version: '',
      Input: null,
      ParentTraceContext: null,
      Tags: null,
    });
    const task: ActivityTask = {
      messageId,
      instanceId: instance.id,
      executionId: instance.executionId,
      taskId: id,
      name,
      input: activityInput(decision.input),
    };
    commit.tasks.push(task);
  } else if (decision.kind === 'timer') {
    const FireAt = dotNetTime(decision.fireAt);
    scheduled('timerCreated', { FireAt });
    commit.messages.push({
      instanceId: instance.id,
      executionId: instance.executionId,
      messageId: `${messageId}:fired`,
      dueAt: timerDueAt(decision.fireAt, now),
      event: historyEvent('timerFired', timestamp, { TimerId: id, FireAt }),
    });
  } else {
    const { name, instanceId } = decision;
    scheduled('subOrchestrationCreated', {
      Name: name,
      Version: null,
      InstanceId: instanceId,
      Input: null,
      ClientSpanId: null,
      Tags: null,
    });
    const parent = {
      Name: instance.name,
      OrchestrationInstance: { InstanceId: instance.id, ExecutionId: instance.executionId },
      TaskScheduleId: id,
      Version: null,
    };
    const input = jsonOrNull(decision.input);
    const child = newInstance({ id: instanceId, name, input, parent, generation: null, now });
    commit.children.push(child.instance);
    commit.messages.push(child.start);
  }
};

/** Tells the parent of a sub-orchestration how it ended. */
const tellParent = (
  completion: Completion,
  result: string | null,
  { instance, now, commit }: Writing,
): void => {
  const { parent } = instance;
  if (parent === null) return;
  const timestamp = dotNetTime(now);
  const TaskScheduledId = parent.TaskScheduleId;
  const failed = (Reason: string | null, Details: string | null, FailureDetails: unknown) =>
    historyEvent('subOrchestrationFailed', timestamp, { TaskScheduledId, Reason, Details, FailureDetails });
  let event = historyEvent('subOrchestrationCompleted', timestamp, { TaskScheduledId, Result: result });
  if (completion.status === 'Failed') {
    event = failed(completion.reason, completion.details, completion.failureDetails);
  } else if (completion.status === 'Terminated') {
    event = failed(completion.reason ?? '', '', null);
  }
  commit.messages.push({
    instanceId: parent.OrchestrationInstance.InstanceId,
    executionId: parent.OrchestrationInstance.ExecutionId,
    messageId: `${instance.executionId}:end`,
    dueAt: now,
    event,
  });
};

const continueAsNew = (input: unknown, { instance, now, commit }: Writing): void => {
  const next: InstanceRecord = {
    ...instance,
    executionId: randomUUID().replaceAll('-', ''),
    input: jsonOrNull(input),
    status: 'Running',
    output: null,
  };
  commit.instance = next;
  commit.clearHistory = true;
  commit.appended = [];
  commit.messages.push(startMessage(next, null, now));
};

const outputOf = (completion: Exclude<Completion, { status: 'ContinuedAsNew' }>): string | null => {
  if (completion.status === 'Completed') return jsonOrNull(completion.output);
  if (completion.status === 'Terminated') return jsonOrNull(completion.reason);
  const details = completion.failureDetails as { ErrorType: string; ErrorMessage: string } | null;
  return JSON.stringify(
    details === null ? completion.reason : `${details.ErrorType}: ${details.ErrorMessage}`,
  );
};

/** Everything that an episode changes, from what came in and what the replay decided. */
export const episodeCommit = (options: {
  instance: InstanceRecord;
  fresh: readonly HistoryEvent[];
  consumed: number[];
  replay: Replay;
  now: number;
}): EpisodeCommit => {
  const { fresh, replay, now } = options;
  const timestamp = dotNetTime(now);
  const instance: InstanceRecord = {
    ...options.instance,
    status: replay.suspended ? 'Suspended' : 'Running',
    customStatus: replay.customStatus,
    updatedAt: now,
  };
  for (const event of fresh) {
    const paused =
      event.EventType === eventTypes.executionSuspended || event.EventType === eventTypes.executionResumed;
    // The status shows why an instance was paused or resumed in the place of its output.
    if (paused) instance.output = jsonOrNull(event.Reason);
  }
  const commit: EpisodeCommit = {
    instance,
    consumed: options.consumed,
    clearHistory: false,
    appended: fresh.map((event) => ({
      ...event,
      IsPlayed: event.EventType !== eventTypes.orchestratorStarted,
    })),
    messages: [],
    tasks: [],
    children: [],
  };
  const writing = { instance, now, commit };
  for (const decision of replay.decisions) writeDecision(decision, writing);
  const { completion } = replay;
  if (completion?.status === 'ContinuedAsNew') {
    continueAsNew(completion.input, writing);
    return commit;
  }
  if (completion !== null) {
    const output = outputOf(completion);
    instance.status = completion.status;
    instance.output = output;
    const failed = completion.status === 'Failed';
    const result = failed
      ? completion.reason
      : completion.status === 'Terminated'
        ? completion.reason
        : output;
    commit.appended.push(
      historyEvent(
        'executionCompleted',
        timestamp,
        {
          OrchestrationStatus: completion.status,
          Result: result,
          FailureDetails: failed ? completion.failureDetails : null,
        },
        replay.after.context.nextId,
      ),
    );
    tellParent(completion, output, writing);
  }
  // After continue-as-new the frame was closed in advance, and stays so when nothing was scheduled.
  const closed = fresh.at(-1)?.EventType === eventTypes.orchestratorCompleted;
  if (!closed || replay.decisions.length > 0 || completion !== null) {
    commit.appended.push(historyEvent('orchestratorCompleted', timestamp));
  }
  return commit;
};
