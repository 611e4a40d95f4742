import { startDurableEngine } from '../../local/durable/durable-engine.ts';
import { collectDurableFunctions } from '../../local/durable/durable-functions.ts';
import { isTerminal, type RuntimeStatus } from '../../local/durable/durable-records.ts';
import { openDurableStore } from '../../local/durable/durable-store.ts';
import { createManagementApi, type ManagementAnswer } from '../../local/durable/management-api.ts';
import { createHostReport } from '../../local/host/host-report.ts';
import { loadDurableApp } from './durable-app.ts';
import type { Episode, Trace } from './durable-traces.ts';
import { createVirtualTime } from './virtual-time.ts';

/** After so long without an episode nothing more comes. */
const quietMs = 20_000;

type Step = NonNullable<Trace['http']>[number];
export type AnsweredStep = { step: Step; answer: ManagementAnswer };

const webhook = /<(?:RPC_)?HOST>(?:\/runtime\/webhooks)?\/durabletask/;

/** Arguments as the recording's driver spelt what JSON has no form for. */
const plain = (args: unknown[]): unknown[] =>
  JSON.parse(JSON.stringify(args), (_, value) => {
    if (value?.$undefined === 1) return undefined;
    return value?.$date ?? value;
  });

/** A call of the client library, which the recording's driver made through the app, as the library's own request. */
const asRequest = ({ request }: Step): Step['request'] | null => {
  if (webhook.test(request.url)) return request;
  const { op, args } = JSON.parse(request.body ?? '{}') as { op?: string; args?: unknown[] };
  if (op !== 'startNew') return null;
  const [name, options] = plain(args ?? []) as [string, { instanceId?: string; input?: unknown }?];
  const id = options?.instanceId === undefined ? '' : `/${options.instanceId}`;
  const body = JSON.stringify(options?.input === undefined ? '' : options.input);
  return {
    method: 'POST',
    url: `http://<HOST>/durabletask/orchestrators/${name}${id}`,
    headers: { 'Content-Type': 'application/json' },
    body,
  };
};

const statusIn = (text: string | undefined): string | null =>
  /^\{"name".*?"runtimeStatus":"(\w+)"/s.exec(text ?? '')?.[1] ?? null;

/** Runs a recording's code on the local engine with the recorded steps at the recorded times. */
export const runRecording = async (
  trace: Trace,
): Promise<{ episodes: Episode[]; answers: AnsweredStep[]; warnings: string[] }> => {
  const time = createVirtualTime(Date.parse(trace.episodes[0]?.input.history[1]?.Timestamp ?? ''));
  const app = loadDurableApp(trace.appCode, (callback, delayMs) => time.clock.after(delayMs, callback));
  const functions = collectDurableFunctions(app.functions.values());
  const episodes: Episode[] = [];
  const report = createHostReport(() => undefined);
  const store = openDurableStore(':memory:');
  const engine = startDurableEngine({
    store,
    functions,
    report,
    clock: time.clock,
    strict: false,
    maxActivities: 20,
    maxOrchestrators: 20,
    invoke: (name, inputData, ...rest) => {
      const text = inputData[0]?.data?.string ?? '';
      if (functions.orchestrators.has(name.toLowerCase())) {
        episodes.push({ functionName: name, input: JSON.parse(text), output: {} });
      }
      return app.invoke(name, inputData, ...rest);
    },
  });
  const api = createManagementApi({ engine, hub: 'RigHub2' });
  const call = ({ method, url, headers, body }: Step['request']): ManagementAnswer =>
    api({
      method,
      target: url.replace(/^http:\/\/<(?:RPC_)?HOST>(\/runtime\/webhooks)?/, '/runtime/webhooks'),
      origin: 'http://host',
      contentType: headers['Content-Type'] ?? '',
      continuationToken: headers['x-ms-continuation-token'] ?? null,
      body: typeof body === 'string' ? body : '',
    });

  const answers: AnsweredStep[] = [];
  const drive = async (): Promise<void> => {
    let previousMs = 0;
    for (const step of trace.http ?? []) {
      if (step.label?.startsWith('rewind')) break;
      // Repetitions are only counted in the recordings.
      if (!step.request) continue;
      const request = asRequest(step);
      if (request === null) continue;
      await time.sleep(step.atMs - previousMs);
      previousMs = step.atMs;
      const recorded = request.method === 'GET' ? statusIn(step.response.bodyText) : null;
      const wanted = recorded !== null && isTerminal(recorded as RuntimeStatus) ? recorded : null;
      let answer = call(request);
      // Timers may have been early in the recording.
      for (let i = 0; wanted !== null && i < 100 && statusIn(answer.body) !== wanted; i++) {
        await time.sleep(100);
        answer = call(request);
      }
      answers.push({ step, answer });
    }
    // Not every end was read back in the recordings.
    for (let before = -1; before !== episodes.length; ) {
      before = episodes.length;
      await time.sleep(quietMs);
    }
  };
  await time.run(drive());
  await engine.stop(500);
  return { episodes, answers, warnings: report.warnings };
};
