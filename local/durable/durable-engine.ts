import { randomUUID } from 'node:crypto';
import { describeError, type HostReport } from '../host/host-report.ts';
import type { Invoke } from '../host/invoke.ts';
import { createActivityRunner } from './activity-runner.ts';
import { dotNetTime } from './dotnet-values.ts';
import type { DurableFunctions } from './durable-functions.ts';
import { type InstanceRecord, isTerminal, type RuntimeStatus } from './durable-records.ts';
import type { DurableStore } from './durable-store.ts';
import type { EngineClock } from './engine-clock.ts';
import { newInstance } from './episode-commit.ts';
import { createEpisodeRunner } from './episode-runner.ts';
import { type HistoryEvent, historyEvent } from './history-event.ts';

export type EngineOptions = {
  store: DurableStore;
  functions: DurableFunctions;
  invoke: Invoke;
  report: HostReport;
  clock: EngineClock;
  /** Fail instances at what would corrupt or hang them in Azure. */
  strict: boolean;
  maxActivities: number;
  maxOrchestrators: number;
};

export type DurableEngine = {
  /** Starts an instance, also over an ended one of that id. `conflict`: one with that id is under way. */
  start(name: string, id: string | null, input: string | null): { id: string } | { conflict: RuntimeStatus };
  /** Sends an event to an instance; `ended` and `unknown`: nothing is sent. */
  send(id: string, event: HistoryEvent): 'sent' | 'ended' | 'unknown';
  /** Removes ended instances with their history. */
  purge(ids: string[]): void;
  store: DurableStore;
  clock: EngineClock;
  /** Takes nothing new, waits for what runs, closes the store. What had not ended runs again at the next start. */
  stop(withinMs: number): Promise<void>;
};

/**
 * Drives orchestrations as the Durable Functions extension does: an episode per group of messages, each written in one
 * transaction; activities at least once; timers. What the store holds from earlier goes on at once.
 */
export const startDurableEngine = (options: EngineOptions): DurableEngine => {
  const { store, clock, report } = options;
  const ready = new Set<string>();
  const running = new Map<string, Promise<void>>();
  let cancelWake = (): void => undefined;
  /** Everything due until then is in `ready`, was handed over, or is being read. */
  let lookedUntil = -1;
  let stopping = false;
  let closed = false;

  const activities = createActivityRunner({
    ...options,
    open: () => !closed,
    taking: () => !stopping,
    delivered: (instanceId) => {
      ready.add(instanceId);
      pump();
    },
  });
  const episodes = createEpisodeRunner({ ...options, open: () => !closed });

  const runEpisode = async (id: string): Promise<void> => {
    try {
      const episode = await episodes.run(id);
      if (episode === null) return;
      const { written, left } = episode;
      if (left) ready.add(id);

      const now = clock.now();
      for (const message of written.messages) if (message.dueAt <= now) ready.add(message.instanceId);
      activities.add(written.tasks);
    } catch (error) {
      report.warn(`the Durable engine itself failed at instance ${id}: ${describeError(error)}`);
    }
  };

  const pump = (): void => {
    if (stopping) return;
    const now = clock.now();
    const due = store.nextDue(lookedUntil);
    if (due !== null && due <= now) for (const id of store.dueInstances(now)) ready.add(id);
    lookedUntil = Math.max(lookedUntil, now);
    for (const id of ready) {
      if (running.size >= options.maxOrchestrators) break;
      if (running.has(id)) continue;
      ready.delete(id);
      // Not at once: `running` must know it first, or the instance could be run twice.
      const work = Promise.resolve(id)
        .then(runEpisode)
        .then(() => {
          running.delete(id);
          pump();
        });
      running.set(id, work);
    }
    activities.pump();
    cancelWake();
    const next = store.nextDue(lookedUntil);
    if (next !== null) cancelWake = clock.after(next - clock.now(), pump);
  };

  const post = (instance: InstanceRecord, event: HistoryEvent): void => {
    const messageId = randomUUID();
    store.post({ instanceId: instance.id, executionId: null, messageId, dueAt: clock.now(), event });
    ready.add(instance.id);
    pump();
  };

  activities.add(store.tasks());
  pump();
  return {
    store,
    clock,
    start: (name, id, input) => {
      const existing = id === null ? null : store.instance(id);
      if (existing !== null && !isTerminal(existing.status)) return { conflict: existing.status };
      const instanceId = id ?? randomUUID().replaceAll('-', '');
      // Only a start under an id that was used before reads a history.
      const [, before] = existing === null ? [] : store.history(instanceId);
      const generation = existing === null ? 0 : Number(before?.Generation ?? 0) + 1;
      const now = clock.now();
      const created = newInstance({ id: instanceId, name, input, parent: null, generation, now });
      episodes.forget(instanceId);
      store.create(created.instance, created.start);
      ready.add(instanceId);
      pump();
      return { id: instanceId };
    },
    send: (id, event) => {
      const instance = store.instance(id);
      if (instance === null) return 'unknown';
      if (isTerminal(instance.status)) return 'ended';
      post(instance, event);
      return 'sent';
    },
    purge: (ids) => {
      for (const id of ids) episodes.forget(id);
      store.purge(ids);
    },
    stop: async (withinMs) => {
      stopping = true;
      cancelWake();
      let timer: NodeJS.Timeout | undefined;
      const tooLate = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, withinMs);
      });
      const ended = Promise.all([...running.values(), activities.idle()]).then(() => undefined);
      await Promise.race([ended, tooLate]);
      clearTimeout(timer);
      closed = true;
      store.close();
    },
  };
};

/** Events that a client can send. */
export const clientEvent = {
  raise: (name: string, input: string, now: number): HistoryEvent =>
    historyEvent('eventRaised', dotNetTime(now), { Name: name, Input: input, ParentTraceContext: null }),
  terminate: (reason: string | null, now: number): HistoryEvent =>
    historyEvent('executionTerminated', dotNetTime(now), { Input: reason }),
  suspend: (reason: string | null, now: number): HistoryEvent =>
    historyEvent('executionSuspended', dotNetTime(now), { Reason: reason }),
  resume: (reason: string | null, now: number): HistoryEvent =>
    historyEvent('executionResumed', dotNetTime(now), { Reason: reason }),
};
