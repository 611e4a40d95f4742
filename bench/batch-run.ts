import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { HostProcess } from '../local/host/start-host-process.ts';
import type { BatchDetail, BatchReconciliation } from '../src/contract/batch.ts';
import { processUse } from './child-process.ts';

export type BatchRun = { wallMs: number; cpuMs: number; rssMb: number; durableActions: number };

type Api = { host: HostProcess; key: string };

const pollMs = 100;
const prompt = (index: number) => `What is the capital of country number ${index}? Answer in one sentence.`;

export const callApi = async <Answer>({ host, key }: Api, path: string, body?: object): Promise<Answer> => {
  const response = await fetch(`${host.url}${path}`, {
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as Answer;
};

/**
 * What Azure's Durable Task Scheduler would bill: the start of each orchestration 1, an activity 2, a timer 1. Histories begin
 * anew with continue-as-new, so this holds for batches whose lanes had one turn.
 */
const durableActions = async (api: Api, id: string): Promise<number> => {
  const hook = '/runtime/webhooks/durabletask/instances';
  const instances = await callApi<
    { instanceId: string; name: string; input: { batchId?: string; round?: number } | null }[]
  >(api, hook);
  const own = instances.filter(({ input }) => input?.batchId === id);
  if (own.length < 2) throw new Error(`the engine knows ${own.length} orchestrations of the batch`);
  let actions = 0;
  for (const { instanceId, input } of own) {
    if ((input?.round ?? 1) !== 1) throw new Error('a lane had more than one turn: its history is cut');
    const { historyEvents } = await callApi<{
      historyEvents: { EventType: string; FunctionName?: string }[];
    }>(api, `${hook}/${instanceId}?showHistory=true`);
    const count = (type: string) => historyEvents.filter(({ EventType }) => EventType === type).length;
    actions += 1 + 2 * (count('TaskCompleted') + count('TaskFailed')) + count('TimerFired');
  }
  return actions;
};

/** Every question must be one settled run, of the providers in equal parts. @throws otherwise */
const checkRows = async (databaseUrl: string, id: string, calls: number) => {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, number>>(
      `SELECT
        (SELECT count(*)::int FROM inference_runs WHERE batch_id = $1) AS runs,
        (SELECT count(*)::int FROM inference_runs WHERE batch_id = $1 AND status = 'settled' AND outcome = 'ok') AS answered,
        (SELECT count(*)::int FROM batch_items WHERE batch_id = $1 AND state = 'settled' AND outcome = 'ok') AS items`,
      [id],
    );
    if (Object.values(rows[0] ?? {}).some((count) => count !== calls) || rows.length === 0) {
      throw new Error(`${calls} calls, but the database says ${JSON.stringify(rows[0])}`);
    }
  } finally {
    await client.end();
  }
};

/**
 * One batch over HTTP, from the POST sent to `completed` read.
 * @throws when it does not complete, or a row is missing
 */
export const runBatch = async (
  api: Api & { databaseUrl: string },
  options: {
    items: number;
    providers: readonly string[];
    model: string;
    concurrency: number;
    countActions: boolean;
  },
): Promise<BatchRun> => {
  const { items, providers, model, concurrency } = options;
  const body = {
    name: `bench ${items}`,
    targets: providers.map((provider) => ({ provider, model, parameters: { maxOutputTokens: 200 } })),
    concurrency,
    items: Array.from({ length: items }, (_, index) => ({ itemKey: `item-${index}`, prompt: prompt(index) })),
  };
  const before = processUse(api.host.pid);
  const startedAt = performance.now();
  const { id } = await callApi<BatchDetail>(api, '/api/v1/batches', body);
  let batch: BatchDetail;
  do {
    await sleep(pollMs);
    batch = await callApi<BatchDetail>(api, `/api/v1/batches/${id}`);
  } while (batch.finishedAt === null);
  const wallMs = performance.now() - startedAt;
  const after = processUse(api.host.pid);
  if (batch.status !== 'completed') throw new Error(`the batch is ${batch.status}`);
  const { holds } = await callApi<BatchReconciliation>(api, `/api/v1/batches/${id}/reconcile`);
  if (!holds) throw new Error('the batch does not reconcile');
  await checkRows(api.databaseUrl, id, items * providers.length);
  return {
    wallMs,
    cpuMs: after.cpuMs - before.cpuMs,
    rssMb: after.rssMb,
    durableActions: options.countActions ? await durableActions(api, id) : 0,
  };
};
