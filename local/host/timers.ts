import { type CronSchedule, parseCronSchedule } from './cron-schedule.ts';
import type { RegisteredFunction } from './functions-core.ts';
import { describeError, type HostReport } from './host-report.ts';
import type { Invoke } from './invoke.ts';

export type Timers = {
  /** Runs a timer function now; false when there is none of that name (case does not matter). */
  runByHand(functionName: string): boolean;
  stop(): void;
};

type Clock = { now(): Date };

type Timer = { functionName: string; bindingName: string; schedule: CronSchedule; runOnStartup: boolean };

/** `setTimeout` takes no more than this. */
const maxDelayMs = 2 ** 31 - 1;

const resolveSetting = (text: string, env: Record<string, string | undefined>): string =>
  text.replace(/%([^%]+)%/g, (whole, name: string) => {
    const value = env[name];
    if (value === undefined) throw new Error(`${whole} is not set`);
    return value;
  });

const collectTimers = (
  functions: Iterable<RegisteredFunction>,
  env: Record<string, string | undefined>,
  report: HostReport,
): Timer[] => {
  const timers: Timer[] = [];
  for (const { metadata } of functions) {
    for (const [bindingName, binding] of Object.entries(metadata.bindings)) {
      if (binding.type.toLowerCase() !== 'timertrigger') continue;
      try {
        const schedule = parseCronSchedule(resolveSetting(String(binding.schedule), env));
        const runOnStartup = binding.runOnStartup === true;
        timers.push({ functionName: metadata.name, bindingName, schedule, runOnStartup });
      } catch (error) {
        report.warn(`timer ${metadata.name} is disabled: ${describeError(error).split('\n')[0]}`);
      }
    }
  }
  return timers;
};

/**
 * Fires the timer functions by their NCRONTAB schedules. Ticks of one timer never overlap: what came due during a run
 * is left out. Nothing is kept over a restart, so no tick is ever past due here.
 */
export const startTimers = (options: {
  functions: Iterable<RegisteredFunction>;
  env: Record<string, string | undefined>;
  invoke: Invoke;
  report: HostReport;
  clock?: Clock;
}): Timers => {
  const { invoke, report } = options;
  const clock = options.clock ?? { now: () => new Date() };
  const handles = new Map<string, NodeJS.Timeout>();
  const lastRuns = new Map<string, Date>();
  const runningNow = new Set<string>();
  let stopped = false;

  const run = async (timer: Timer): Promise<void> => {
    if (runningNow.has(timer.functionName)) return;
    runningNow.add(timer.functionName);
    const now = clock.now();
    const next = timer.schedule.next(now);
    const afterNext = next === null ? null : timer.schedule.next(next);
    const belowAMinute = next !== null && afterNext !== null && afterNext.getTime() - next.getTime() < 60_000;
    const last = lastRuns.get(timer.functionName) ?? new Date('0001-01-01T00:00:00Z');
    const json = JSON.stringify({
      Schedule: { AdjustForDST: true },
      ScheduleStatus: belowAMinute
        ? null
        : { Last: last.toISOString(), LastUpdated: last.toISOString(), Next: (next ?? now).toISOString() },
      IsPastDue: false,
    });
    lastRuns.set(timer.functionName, now);
    try {
      await invoke(timer.functionName, [{ name: timer.bindingName, data: { json } }], {});
    } catch (error) {
      report.log(`timer ${timer.functionName} failed: ${describeError(error)}`);
    } finally {
      runningNow.delete(timer.functionName);
    }
  };

  const wait = (timer: Timer, due: Date): void => {
    const delay = Math.max(0, due.getTime() - clock.now().getTime());
    const handle = setTimeout(
      () => {
        // A long wait comes in parts, and a timer may fire a moment early: the tick would then be due a second time.
        if (clock.now() < due) return wait(timer, due);
        void run(timer).finally(() => arm(timer));
      },
      Math.min(delay, maxDelayMs),
    );
    handles.set(timer.functionName, handle);
  };
  const arm = (timer: Timer): void => {
    const due = stopped ? null : timer.schedule.next(clock.now());
    if (due !== null) wait(timer, due);
  };

  const timers = collectTimers(options.functions, options.env, report);
  for (const timer of timers) {
    arm(timer);
    if (timer.runOnStartup) void run(timer);
  }
  return {
    runByHand: (functionName) => {
      const timer = timers.find((item) => item.functionName.toLowerCase() === functionName.toLowerCase());
      if (timer === undefined) return false;
      void run(timer);
      return true;
    },
    stop: () => {
      stopped = true;
      for (const handle of handles.values()) clearTimeout(handle);
    },
  };
};
