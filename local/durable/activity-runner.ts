import { describeError } from '../host/host-report.ts';
import { callActivity } from './call-functions.ts';
import { dotNetTime } from './dotnet-values.ts';
import type { EngineOptions } from './durable-engine.ts';
import type { ActivityTask } from './durable-records.ts';

export type ActivityRunner = {
  add(tasks: readonly ActivityTask[]): void;
  /** Starts what may run now. */
  pump(): void;
  /** Resolves when the activities that run now have ended. */
  idle(): Promise<void>;
};

/** Runs activities, oldest first, never more at once than `maxActivities`. A result counts once. */
export const createActivityRunner = (
  options: EngineOptions & {
    /** False when the store is closed. */
    open(): boolean;
    /** False when nothing new may begin. */
    taking(): boolean;
    /** A result was posted to this instance. */
    delivered(instanceId: string): void;
  },
): ActivityRunner => {
  const { store, clock, report } = options;
  let waiting: ActivityTask[] = [];
  let next = 0;
  const running = new Set<Promise<void>>();

  const warnStrictly = (name: string, thrown: unknown): void => {
    const isError = thrown instanceof Error;
    if (options.strict && (!isError || thrown.message === '')) {
      report.warn(`strict: activity ${name} threw something that is no error, or one without a message`);
    }
  };

  const run = async (task: ActivityTask): Promise<void> => {
    const activity = options.functions.activities.get(task.name.toLowerCase());
    if (activity === undefined) {
      report.warn(`activity ${task.name} is no longer registered; its orchestration waits for ever`);
      return;
    }
    const timestamp = (): string => dotNetTime(clock.now());
    const { event, thrown } = await callActivity({ invoke: options.invoke, activity, task, timestamp });
    if (!options.open()) return;
    if (thrown !== undefined) warnStrictly(task.name, thrown);
    const { instanceId, executionId } = task;
    const messageId = `${task.messageId}:result`;
    const posted = store.finishTask(task, { instanceId, executionId, messageId, dueAt: clock.now(), event });
    if (posted) options.delivered(instanceId);
  };

  const pump = (): void => {
    while (next < waiting.length && running.size < options.maxActivities && options.taking()) {
      const task = waiting[next++];
      if (task === undefined) break;
      const work = run(task)
        .catch((error: unknown) => {
          report.warn(`the Durable engine itself failed at activity ${task.name}: ${describeError(error)}`);
        })
        .then(() => {
          running.delete(work);
          pump();
        });
      running.add(work);
    }
    if (next > 1000 || next === waiting.length) {
      waiting = waiting.slice(next);
      next = 0;
    }
  };

  return {
    add: (tasks) => {
      waiting.push(...tasks);
    },
    pump,
    idle: async () => {
      await Promise.all(running);
    },
  };
};
