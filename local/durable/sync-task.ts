/** How a task ended. A cancelled timer counts as succeeded: nothing looks at the difference. */
export type TaskEnd = 'succeeded' | 'failed';

/** A promise that runs its continuations at once, as .NET's tasks do inside an orchestration. */
export type SyncTask = {
  readonly end: TaskEnd | null;
  /** Ends the task; a second call does nothing. */
  settle(end: TaskEnd): void;
  /** Runs `next` when the task ends, or now when it has. */
  onEnd(next: (end: TaskEnd) => void): void;
};

export const createSyncTask = (): SyncTask => {
  let end: TaskEnd | null = null;
  const waiting: ((end: TaskEnd) => void)[] = [];
  return {
    get end() {
      return end;
    },
    settle: (value) => {
      if (end !== null) return;
      end = value;
      for (const next of waiting.splice(0)) next(value);
    },
    onEnd: (next) => {
      if (end === null) waiting.push(next);
      else next(end);
    },
  };
};

export const settledTask = (end: TaskEnd): SyncTask => {
  const task = createSyncTask();
  task.settle(end);
  return task;
};

/** Ends with its first child, as `Task.WhenAny`. */
export const whenAny = (children: readonly SyncTask[]): SyncTask => {
  const task = createSyncTask();
  for (const child of children) child.onEnd(() => task.settle('succeeded'));
  return task;
};

/** Ends when all children have ended, also after a failure, as `Task.WhenAll`. */
export const whenAll = (children: readonly SyncTask[]): SyncTask => {
  const task = createSyncTask();
  let open = children.length;
  let failed = false;
  if (open === 0) task.settle('succeeded');
  for (const child of children) {
    child.onEnd((end) => {
      if (end === 'failed') failed = true;
      if (--open === 0) task.settle(failed ? 'failed' : 'succeeded');
    });
  }
  return task;
};
