import { clientEvent, startDurableEngine } from '../../local/durable/durable-engine.ts';
import { collectDurableFunctions } from '../../local/durable/durable-functions.ts';
import type { InstanceRecord } from '../../local/durable/durable-records.ts';
import { openDurableStore } from '../../local/durable/durable-store.ts';
import type { HistoryEvent } from '../../local/durable/history-event.ts';
import { createHostReport } from '../../local/host/host-report.ts';
import { loadDurableApp } from './durable-app.ts';
import type { Episode } from './durable-traces.ts';
import { createVirtualTime } from './virtual-time.ts';

export type OrchestrationRun = {
  instance: InstanceRecord | null;
  history: HistoryEvent[];
  warnings: string[];
  /** Virtual milliseconds until nothing happened any more, or until `forMs`. */
  tookMs: number;
  mostActivitiesAtOnce: number;
  /** When activities ran, in virtual ms from the start. */
  activities: { from: number; to: number }[];
  /** Every call of an orchestrator with the library's answer, in order. */
  episodes: Episode[];
};

/** Runs the orchestrator `main` (or `entry`) of some code, with the real library, in virtual time. */
export const runOrchestrator = async (options: {
  /** With `main`: has `df` and a virtual `sleep(ms)`. With `entry`: as it is. */
  code: string;
  entry?: string;
  input?: unknown;
  strict?: boolean;
  maxActivities?: number;
  forMs?: number;
  /** How often it is looked whether the instance has ended. */
  stepMs?: number;
  /** Called before each call of an orchestrator, with its number from 1; `raise` sends an event without a value. */
  onOrchestrator?: (call: number, raise: (name: string) => void) => void;
  /** Raised, without a value, after 50 ms. */
  event?: string;
}): Promise<OrchestrationRun> => {
  const time = createVirtualTime(Date.UTC(2026, 0, 5));
  const prelude = `const df = require('durable-functions'); const sleep = (ms) => new Promise((r) => setTimeout(r, ms));\n`;
  const app = loadDurableApp(
    { main: (options.entry === undefined ? prelude : '') + options.code },
    (callback, delayMs) => time.clock.after(delayMs, callback),
  );
  const functions = collectDurableFunctions(app.functions.values());
  const report = createHostReport(() => undefined);
  const store = openDurableStore(':memory:');
  let running = 0;
  let calls = 0;
  let mostActivitiesAtOnce = 0;
  const activities: OrchestrationRun['activities'] = [];
  const episodes: Episode[] = [];
  const startedAt = time.clock.now();
  const sinceStart = () => time.clock.now() - startedAt;
  const engine = startDurableEngine({
    store,
    functions,
    report,
    clock: time.clock,
    strict: options.strict ?? true,
    maxActivities: options.maxActivities ?? 10,
    maxOrchestrators: 10,
    invoke: async (name, inputData, ...rest) => {
      if (functions.orchestrators.has(name.toLowerCase())) {
        options.onOrchestrator?.(++calls, raise);
        const episode: Episode = {
          functionName: name,
          input: JSON.parse(inputData[0]?.data?.string ?? ''),
          output: {},
        };
        episodes.push(episode);
        const answer = await app.invoke(name, inputData, ...rest).catch((error: Error) => {
          episode.output = { thrown: { message: error.message } };
          throw error;
        });
        episode.output = JSON.parse(answer.returnValue?.json ?? 'null');
        return answer;
      }
      running++;
      mostActivitiesAtOnce = Math.max(mostActivitiesAtOnce, running);
      const span = { from: sinceStart(), to: Number.POSITIVE_INFINITY };
      activities.push(span);
      try {
        return await app.invoke(name, inputData, ...rest);
      } finally {
        span.to = sinceStart();
        running--;
      }
    },
  });
  const raise = (name: string): void => {
    engine.send('one', clientEvent.raise(name, 'null', time.clock.now()));
  };
  const { event } = options;
  if (event !== undefined) time.clock.after(50, () => raise(event));
  engine.start(options.entry ?? 'main', 'one', JSON.stringify(options.input ?? {}));
  const ended = () => ['Completed', 'Failed', 'Terminated'].includes(store.instance('one')?.status ?? '');
  let tookMs = 0;
  const wait = async (): Promise<void> => {
    while (!ended() && tookMs < (options.forMs ?? 600_000)) {
      await time.sleep(options.stepMs ?? 10);
      tookMs = sinceStart();
    }
  };
  await time.run(wait());
  const run = { instance: store.instance('one'), history: store.history('one'), tookMs };
  await engine.stop(100);
  return { ...run, warnings: report.warnings, mostActivitiesAtOnce, activities, episodes };
};
