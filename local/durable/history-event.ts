/** Numbers of `EventType` in DurableTask.Core; only those that this engine reads or writes. */
export const eventTypes = {
  executionStarted: 0,
  executionCompleted: 1,
  executionTerminated: 3,
  taskScheduled: 4,
  taskCompleted: 5,
  taskFailed: 6,
  subOrchestrationCreated: 7,
  subOrchestrationCompleted: 8,
  subOrchestrationFailed: 9,
  timerCreated: 10,
  timerFired: 11,
  orchestratorStarted: 12,
  orchestratorCompleted: 13,
  eventRaised: 15,
  executionSuspended: 19,
  executionResumed: 20,
} as const;

/** The parent's side of a sub-orchestration, as it stands in the child's `ExecutionStarted`. */
export type ParentInstance = {
  Name: string;
  OrchestrationInstance: { InstanceId: string; ExecutionId: string };
  TaskScheduleId: number;
  Version: null;
};

/** One event of an orchestration's history, with the extension's own names. Times are ISO texts. */
export type HistoryEvent = {
  EventType: number;
  EventId: number;
  IsPlayed: boolean;
  Timestamp: string;
  Name?: string;
  Input?: string | null;
  TaskScheduledId?: number;
  TimerId?: number;
  FireAt?: string;
  Result?: string | null;
  Reason?: string | null;
  Details?: string | null;
  FailureDetails?: unknown;
  InstanceId?: string;
  OrchestrationInstance?: { InstanceId: string; ExecutionId: string };
  ParentInstance?: ParentInstance | null;
  OrchestrationStatus?: string;
  [field: string]: unknown;
};

type EventFields = Omit<HistoryEvent, 'EventType' | 'EventId' | 'IsPlayed' | 'Timestamp'>;

/** A new event in the order of fields that the extension writes. */
export const historyEvent = (
  type: keyof typeof eventTypes,
  timestamp: string,
  fields: EventFields = {},
  eventId = -1,
): HistoryEvent => ({
  EventType: eventTypes[type],
  ...fields,
  EventId: eventId,
  IsPlayed: false,
  Timestamp: timestamp,
});

/**
 * The event that starts an execution. `generation` counts the starts by clients under one id, from
 * 0; it is null for sub-orchestrations and after continue-as-new.
 */
export const executionStarted = (options: {
  instanceId: string;
  executionId: string;
  name: string;
  input: string | null;
  parent: ParentInstance | null;
  generation: number | null;
  timestamp: string;
}): HistoryEvent => ({
  OrchestrationInstance: { InstanceId: options.instanceId, ExecutionId: options.executionId },
  EventType: eventTypes.executionStarted,
  ParentInstance: options.parent,
  Name: options.name,
  Version: null,
  Input: options.input,
  Tags: null,
  Correlation: null,
  ParentTraceContext: null,
  ScheduledStartTime: null,
  Generation: options.generation,
  GenerateNewTrace: false,
  EventId: -1,
  IsPlayed: false,
  Timestamp: options.timestamp,
});
