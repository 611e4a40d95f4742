import type { HistoryEvent, ParentInstance } from './history-event.ts';

export type RuntimeStatus = 'Pending' | 'Running' | 'Completed' | 'Failed' | 'Terminated' | 'Suspended';

/** What is kept of an orchestration instance. Times are epoch milliseconds; JSON stands as text. */
export type InstanceRecord = {
  id: string;
  executionId: string;
  name: string;
  input: string | null;
  status: RuntimeStatus;
  customStatus: string | null;
  /** JSON text. */
  output: string | null;
  createdAt: number;
  updatedAt: number;
  parent: ParentInstance | null;
};

/** An event on its way to an instance. */
export type InboxMessage = {
  instanceId: string;
  /** Only this execution may read it; null: any. */
  executionId: string | null;
  /** Two messages of one id are one. */
  messageId: string;
  dueAt: number;
  event: HistoryEvent;
};

/** An activity that is to be run, until its result is in its instance's inbox. */
export type ActivityTask = {
  /** `<execution id>:<sequence number>`. */
  messageId: string;
  instanceId: string;
  executionId: string;
  taskId: number;
  name: string;
  /** The trigger's data; null: none. */
  input: string | null;
};

/** Everything that one episode changes; written in one transaction. */
export type EpisodeCommit = {
  instance: InstanceRecord;
  /** Keys of the inbox messages that were read. */
  consumed: number[];
  /** The history starts anew (continue-as-new). */
  clearHistory: boolean;
  appended: HistoryEvent[];
  messages: InboxMessage[];
  tasks: ActivityTask[];
  /** New sub-orchestrations; each with its start message in `messages`. */
  children: InstanceRecord[];
};

const terminal: ReadonlySet<RuntimeStatus> = new Set(['Completed', 'Failed', 'Terminated']);

export const isTerminal = (status: RuntimeStatus): boolean => terminal.has(status);
