import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { HistoryEvent } from '../../local/durable/history-event.ts';

const folder = join(import.meta.dirname, '..', 'fixtures', 'durable-traces');

type RecordedCall = { method: string; url: string; body?: string | null; headers: Record<string, string> };

export type Episode = {
  functionName: string;
  input: {
    history: HistoryEvent[];
    input: unknown;
    instanceId: string;
    isReplaying: boolean;
    parentInstanceId: string | null;
    [field: string]: unknown;
  };
  /** The library's answer, or what it threw. */
  output: { thrown?: { message: string }; actions?: unknown[][]; [field: string]: unknown };
};

export type Trace = {
  scenario: string;
  appCode: Record<string, string>;
  episodes: Episode[];
  activities?: {
    functionName: string;
    inputData: { name: string; data: { string?: string; json?: unknown; f?: string } }[];
    output: { thrown?: unknown };
  }[];
  http?: {
    label: string;
    atMs: number;
    request: RecordedCall;
    response: { status: number; headers: Record<string, string>; bodyText?: string };
  }[];
};

/** Names of the recorded scenarios. */
export const traceNames = readdirSync(folder)
  .filter((file) => file.endsWith('.json.gz'))
  .map((file) => file.replace('.json.gz', ''));

export const readTrace = (name: string): Trace =>
  JSON.parse(gunzipSync(readFileSync(join(folder, `${name}.json.gz`))).toString('utf8'));

/** Names that a scenario's code registers, by kind. */
export const registeredNames = (trace: Trace, kind: 'orchestration' | 'activity'): Set<string> => {
  const names = new Set<string>();
  for (const code of Object.values(trace.appCode ?? {})) {
    for (const match of code.matchAll(new RegExp(`df\\.app\\.${kind}\\('([^']+)'`, 'g'))) {
      names.add((match[1] ?? '').toLowerCase());
    }
  }
  return names;
};

/** The episodes of each execution, in their order. */
export const executionsOf = (trace: Trace): Episode[][] => {
  const executions = Map.groupBy(trace.episodes, ({ input }) => {
    const started = input.history.find((event) => event.EventType === 0);
    return `${input.instanceId} ${started?.OrchestrationInstance?.ExecutionId}`;
  });
  return [...executions.values()];
};
