import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { loadConfig } from '../../../src/config/config.ts';
import { BatchDetail } from '../../../src/contract/batch.ts';
import { createApp } from '../../../src/http/create-app.ts';
import { createServices } from '../../../src/services.ts';
import { createMemoryLogger } from '../../services/support/memory-logger.ts';
import { createFakeConductor } from '../../support/fake-conductor.ts';
import { startFakeProvider } from '../../support/fake-provider.ts';
import { readProblem } from '../../support/read-problem.ts';
import { createTestDatabase } from '../../support/test-database.ts';

const adminKey = `sq_${'k'.repeat(43)}`;
const path = '/api/v1/batches';

export const echo = { provider: 'echo', model: 'echo-1' };
/** Simulated, with the price of the real one. */
export const priced = { provider: 'openai', model: 'gpt-4o-mini' };
export const unpriced = { provider: 'unpriced', model: 'm' };
export const itemsOf = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ itemKey: `q-${n}`, prompt: `Question ${n}?` }));

const open = async (conductor: ReturnType<typeof createFakeConductor>) => {
  const database = await createTestDatabase();
  const provider = await startFakeProvider();
  const folder = await mkdtemp(join(tmpdir(), 'sq-batches-'));
  const config = loadConfig({
    DATABASE_URL: database.url,
    SQ_ADMIN_KEY: adminKey,
    SQ_ARTIFACTS_DIR: folder,
    SQ_OPENAI_KEY: 'sk-of-nobody',
    SQ_OPENAI_BASE_URL: provider.baseUrls.openai,
    SQ_COMPATIBLE_PROVIDERS: JSON.stringify([
      { name: unpriced.provider, baseUrl: provider.baseUrls.compatible },
    ]),
  });
  const services = createServices(config, { logger: createMemoryLogger(), conductor });
  const app = createApp({
    services,
    logger: createMemoryLogger(),
    version: '0.0.0',
    staticDir: '/nowhere',
    streams: false,
  });
  return { database, provider, folder, services, app };
};

/**
 * The API over all real services, a database of its own and a simulated vendor. Nothing runs by itself: `run` runs the lanes
 * of a batch. Call `open` in `beforeAll` and `close` in `afterAll`.
 */
export const createBatchApp = () => {
  const conductor = createFakeConductor();
  const { started } = conductor;
  let state: Awaited<ReturnType<typeof open>> | undefined;
  const opened = () => {
    if (state === undefined) throw new Error('not opened');
    return state;
  };

  let made = 0;
  const send = async (place: string, init: RequestInit = {}): Promise<Response> => {
    const response = await opened().app.fetch(
      new Request(`http://sq.test${place}`, {
        ...init,
        headers: {
          authorization: `Bearer ${adminKey}`,
          ...(init.body && { 'content-type': 'application/json' }),
          ...Object.fromEntries(new Headers(init.headers)),
        },
      }),
    );
    if (response.status === 202 && !response.headers.has('idempotent-replayed')) made += 1;
    return response;
  };
  const post = (place: string, body: unknown, headers: Record<string, string> = {}) =>
    send(place, { method: 'POST', body: JSON.stringify(body), headers });
  const postLines = (definition: unknown, body: BodyInit, headers: Record<string, string> = {}, at = path) =>
    send(`${at}?definition=${encodeURIComponent(JSON.stringify(definition))}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/jsonl', ...headers },
    });
  const detailOf = async (response: Response): Promise<BatchDetail> => {
    if (!response.ok) throw new Error(await response.text());
    return BatchDetail.parse(await response.json());
  };
  const create = async (body: unknown) => detailOf(await post(path, body));
  const get = async (id: string) => detailOf(await send(`${path}/${id}`));
  const act = (id: string, action: string, body?: unknown) =>
    body === undefined
      ? send(`${path}/${id}/${action}`, { method: 'POST' })
      : post(`${path}/${id}/${action}`, body);
  const countBatches = async () =>
    (await opened().services.batchService.list({}, { limit: 200 })).data.length;

  /** Runs the lanes of the batch's present generation to their end. */
  const run = async ({ id, generation }: BatchDetail): Promise<BatchDetail> => {
    const lanes = started.findLast((batch) => batch.id === id)?.lanes ?? 0;
    for (let lane = 0; lane < lanes; lane += 1) {
      for (let round = 1; ; round += 1) {
        if (
          (await opened().services.batchRunner.runLane({ batchId: id, generation, lane, round })).next ===
          'done'
        )
          break;
      }
    }
    return get(id);
  };
  const resultsOf = async (id: string, query: string) => {
    const pages: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const response: Response = await send(
        `${path}/${id}/results?${query}${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      expect(response.status).toBe(200);
      pages.push(await response.text());
      cursor = response.headers.get('x-sq-next-cursor');
    }
    return { pages, lines: pages.flatMap((page) => page.split('\n').filter((line) => line !== '')) };
  };
  /** What was spooled for requests and is still there. */
  const spooled = async () => {
    const names = await readdir(join(opened().folder, 'uploads'), { recursive: true }).catch(() => []);
    return names.filter((name) => /body$|draft/.test(name));
  };

  /** Refused, with nothing stored and nothing left of a spooled body. */
  const refusal = async (response: Promise<Response>, status: number, code: string) => {
    const problem = await readProblem(await response);
    expect([problem.status, problem.code]).toEqual([status, code]);
    expect(await countBatches()).toBe(made);
    expect(await spooled()).toEqual([]);
    return { ...problem, pointers: problem.errors.map(({ pointer }) => pointer) };
  };

  return {
    open: async () => {
      state = await open(conductor);
    },
    close: async () => {
      await state?.services.close();
      await state?.provider.close();
      await state?.database.drop();
      if (state !== undefined) await rm(state.folder, { recursive: true, force: true });
    },
    provider: () => opened().provider,
    started,
    spooled,
    send,
    post,
    postLines,
    detailOf,
    create,
    act,
    run,
    resultsOf,
    refusal,
    countBatches,
  };
};
