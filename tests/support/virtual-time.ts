import type { EngineClock } from '../../local/durable/engine-clock.ts';

type Alarm = { at: number; order: number; ring: () => void };

export type VirtualTime = {
  clock: EngineClock;
  sleep(delayMs: number): Promise<void>;
  /** Lets time pass until `work` has ended. */
  run<T>(work: Promise<T>): Promise<T>;
};

/** Rounds of the event loop in which everything that needs no time gets done. */
const roundsToSettle = 6;

/** Time that jumps to the next alarm when nothing is left to do. Runs are the same each time, and take no time. */
export const createVirtualTime = (startMs: number): VirtualTime => {
  let now = startMs;
  let order = 0;
  const alarms = new Set<Alarm>();

  const after = (delayMs: number, ring: () => void): (() => void) => {
    const alarm = { at: now + Math.max(0, delayMs), order: order++, ring };
    alarms.add(alarm);
    return () => alarms.delete(alarm);
  };
  const settle = async (): Promise<void> => {
    for (let i = 0; i < roundsToSettle; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  const earliest = (): Alarm | null => {
    let first: Alarm | null = null;
    for (const alarm of alarms) {
      if (first === null || alarm.at < first.at || (alarm.at === first.at && alarm.order < first.order)) {
        first = alarm;
      }
    }
    return first;
  };

  return {
    clock: { now: () => now, after },
    sleep: (delayMs) => new Promise((resolve) => after(delayMs, resolve)),
    run: async (work) => {
      let ended = false;
      const end = (): void => {
        ended = true;
      };
      work.then(end, end);
      for (;;) {
        await settle();
        if (ended) return work;
        const next = earliest();
        if (next === null) throw new Error('nothing is left to happen, but the work has not ended');
        alarms.delete(next);
        now = next.at;
        next.ring();
      }
    },
  };
};
