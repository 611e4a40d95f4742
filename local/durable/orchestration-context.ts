import { eventTypes, type HistoryEvent } from './history-event.ts';
import { createSyncTask, type SyncTask } from './sync-task.ts';

/** Something that an orchestration wants done; `id` is its sequence number. */
export type Decision =
  | { kind: 'activity'; id: number; name: string; input: unknown }
  | { kind: 'subOrchestration'; id: number; name: string; instanceId: string; input: unknown }
  | { kind: 'timer'; id: number; fireAt: string; retry: boolean };

type NewDecision = Decision extends infer D ? (D extends Decision ? Omit<D, 'id'> : never) : never;

/** The history and what the code does now do not fit. The message is the extension's. */
export class NonDeterminismError extends Error {
  override readonly name = 'NonDeterminismError';
}

const succeeding: ReadonlySet<number> = new Set([
  eventTypes.taskCompleted,
  eventTypes.subOrchestrationCompleted,
]);
const failing: ReadonlySet<number> = new Set([eventTypes.taskFailed, eventTypes.subOrchestrationFailed]);

const dotNetNames = {
  activity: 'ScheduleTaskOrchestratorAction',
  subOrchestration: 'CreateSubOrchestrationAction',
  timer: 'CreateTimerOrchestratorAction',
} as const;

const nouns = {
  activity: 'an activity task',
  subOrchestration: 'a sub-orchestration instance',
  timer: 'a timer task',
} as const;

const changed = 'Was a change made to the orchestrator code after this instance had already started running?';

/**
 * The bookkeeping of .NET's `TaskOrchestrationContext`: sequence numbers, open tasks, decisions that no history event
 * has confirmed yet, and waits for external events (names ignore case, several waits on one name are served last in
 * first out, unmatched events first in first out).
 */
export class OrchestrationContext {
  /** `currentUtcDateTime` in milliseconds, from the last `OrchestratorStarted`. */
  now = 0;
  nextId = 0;
  readonly decisions = new Map<number, Decision>();
  readonly openTasks = new Map<number, { task: SyncTask; decision: Decision }>();
  readonly #waits = new Map<string, SyncTask[]>();
  readonly #buffered = new Map<string, number>();

  /** Takes the next number and opens a task; `makeDecision` gets the number. */
  schedule(makeDecision: (id: number) => NewDecision): { id: number; task: SyncTask } {
    const id = this.nextId++;
    const decision = { ...makeDecision(id), id } as Decision;
    const task = createSyncTask();
    this.decisions.set(id, decision);
    this.openTasks.set(id, { task, decision });
    return { id, task };
  }

  cancel(id: number): void {
    this.#end(id, 'succeeded');
  }

  waitForEvent(name: string): SyncTask {
    const key = name.toLowerCase();
    const task = createSyncTask();
    const buffered = this.#buffered.get(key) ?? 0;
    if (buffered > 0) {
      this.#buffered.set(key, buffered - 1);
      task.settle('succeeded');
    } else {
      this.#waits.set(key, [...(this.#waits.get(key) ?? []), task]);
    }
    return task;
  }

  /** True while a wait for an external event is open. */
  get waitsForEvents(): boolean {
    return [...this.#waits.values()].some((stack) => stack.length > 0);
  }

  /** Applies a completion, a raised event, or the record of an earlier decision. */
  handle(event: HistoryEvent): void {
    const type = event.EventType;
    if (type === eventTypes.taskScheduled) this.#confirm('activity', event);
    else if (type === eventTypes.subOrchestrationCreated) this.#confirm('subOrchestration', event);
    else if (type === eventTypes.timerCreated) this.#confirm('timer', event);
    else if (type === eventTypes.timerFired) this.#end(event.TimerId, 'succeeded');
    else if (type === eventTypes.eventRaised) this.#raise(event.Name ?? '');
    else if (succeeding.has(type)) this.#end(event.TaskScheduledId, 'succeeded');
    else if (failing.has(type)) this.#end(event.TaskScheduledId, 'failed');
  }

  #end(id: number | undefined, end: 'succeeded' | 'failed'): void {
    const open = id === undefined ? undefined : this.openTasks.get(id);
    if (id === undefined || open === undefined) return;
    this.openTasks.delete(id);
    open.task.settle(end);
  }

  #raise(name: string): void {
    const key = name.toLowerCase();
    const waiting = this.#waits.get(key)?.pop();
    if (waiting !== undefined) waiting.settle('succeeded');
    else this.#buffered.set(key, (this.#buffered.get(key) ?? 0) + 1);
  }

  #confirm(kind: Decision['kind'], event: HistoryEvent): void {
    const id = event.EventId;
    const decision = this.decisions.get(id);
    const named = kind === 'timer' ? '' : ` named '${event.Name}'`;
    if (decision === undefined) {
      const known = kind === 'timer' ? '' : ` and name '${event.Name}'`;
      const version = kind === 'activity' ? " (version '')" : '';
      throw new NonDeterminismError(
        `A previous execution of this orchestration scheduled ${nouns[kind]} with sequence ID ${id}${known}${version}, but the current replay execution hasn't (yet?) scheduled this task. ${changed}`,
      );
    }
    const before = `A previous execution of this orchestration scheduled ${nouns[kind]} with sequence number ${id}${named}, but the current orchestration replay instead`;
    if (decision.kind !== kind) {
      throw new NonDeterminismError(
        `${before} produced a ${dotNetNames[decision.kind]} action with this sequence number. ${changed}`,
      );
    }
    if (decision.kind !== 'timer' && decision.name.toLowerCase() !== event.Name?.toLowerCase()) {
      throw new NonDeterminismError(
        `${before} scheduled ${nouns[kind]} named '${decision.name}' with this sequence number.  ${changed}`,
      );
    }
    this.decisions.delete(id);
  }
}
