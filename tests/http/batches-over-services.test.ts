import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/config.ts';
import { BatchDetail, BatchEstimate, BatchPage, BatchReconciliation } from '../../src/contract/batch.ts';
import { BatchItemPage, BatchResult } from '../../src/contract/batch-item.ts';
import { batchEventId } from '../../src/contract/batch-progress-event.ts';
import { maxFileBytes, Upload } from '../../src/contract/upload.ts';
import { createApp } from '../../src/http/create-app.ts';
import { createServices, type Services } from '../../src/services.ts';
import { createMemoryLogger } from '../services/support/memory-logger.ts';
import { sha256 } from '../services/support/open-uploads.ts';
import { createFakeConductor } from '../support/fake-conductor.ts';
import { type FakeProvider, startFakeProvider } from '../support/fake-provider.ts';
import { unknownId } from '../support/fake-services.ts';
import { readProblem } from '../support/read-problem.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const adminKey = `sq_${'k'.repeat(43)}`;
const path = '/api/v1/batches';
const echo = { provider: 'echo', model: 'echo-1' };
const priced = { provider: 'openai', model: 'gpt-4o-mini' };
const itemsOf = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ itemKey: `q-${n}`, prompt: `Question ${n}?` }));
const openaiLine = (id: string, model = 'echo-1') =>
  JSON.stringify({
    custom_id: id,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model, messages: [{ role: 'user', content: `Question ${id}?` }] },
  });

let database: TestDatabase;
let provider: FakeProvider;
let folder: string;
let services: Services;
let app: ReturnType<typeof createApp>;
const conductor = createFakeConductor();

beforeAll(async () => {
  database = await createTestDatabase();
  provider = await startFakeProvider();
  folder = await mkdtemp(join(tmpdir(), 'sq-batches-'));
  const config = loadConfig({
    DATABASE_URL: database.url,
    SQ_ADMIN_KEY: adminKey,
    SQ_ARTIFACTS_DIR: folder,
    SQ_OPENAI_KEY: 'sk-of-nobody',
    SQ_OPENAI_BASE_URL: provider.baseUrls.openai,
    SQ_COMPATIBLE_PROVIDERS: JSON.stringify([{ name: 'unpriced', baseUrl: provider.baseUrls.compatible }]),
  });
  const logger = createMemoryLogger();
  services = createServices(config, { logger, conductor });
  app = createApp({ services, logger, version: '0.0.0', staticDir: '/nowhere', streams: false });
});
afterAll(async () => {
  await services?.close();
  await provider?.close();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

const send = async (place: string, init: RequestInit = {}): Promise<Response> =>
  app.fetch(
    new Request(`http://sq.test${place}`, {
      ...init,
      headers: {
        authorization: `Bearer ${adminKey}`,
        ...(init.body && { 'content-type': 'application/json' }),
        ...Object.fromEntries(new Headers(init.headers)),
      },
    }),
  );
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
const countBatches = async () => (await services.batchService.list({}, { limit: 200 })).data.length;

/** Runs the lanes of the batch's present generation to their end. */
const run = async ({ id, generation }: BatchDetail): Promise<BatchDetail> => {
  const lanes = conductor.started.findLast((batch) => batch.id === id)?.lanes ?? 0;
  for (let lane = 0; lane < lanes; lane += 1) {
    for (let round = 1; ; round += 1) {
      if ((await services.batchRunner.runLane({ batchId: id, generation, lane, round })).next === 'done')
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

/** Refused, with nothing stored and nothing left in the folder of spooled bodies. */
const refusal = async (response: Promise<Response>, status: number, code: string) => {
  const before = await countBatches();
  const problem = await readProblem(await response);
  expect([problem.status, problem.code]).toEqual([status, code]);
  expect(await countBatches()).toBe(before);
  expect(await readdir(join(folder, 'spool')).catch(() => [])).toEqual([]);
  return { ...problem, pointers: problem.errors.map(({ pointer }) => pointer) };
};

describe('a batch', () => {
  it('is stored, started, run, listed, read and reconciled', async () => {
    const body = {
      targets: [echo, { ...echo, model: 'echo-2' }],
      repetitions: 3,
      items: itemsOf(7),
      name: 'first',
    };
    const response = await post(path, body);
    expect(response.status).toBe(202);
    const made = await detailOf(response);
    expect(response.headers.get('location')).toBe(`${path}/${made.id}`);
    expect(made).toMatchObject({
      status: 'queued',
      planned: 42,
      generation: 1,
      startedAt: null,
      itemsPerSecond: null,
    });
    expect(conductor.started.at(-1)).toEqual({ id: made.id, generation: 1, lanes: 2 });
    expect(await (await send(`${path}/${made.id}/results`)).text()).toBe('');
    const done = await run(made);
    expect(done).toMatchObject({
      status: 'completed',
      etaSeconds: null,
      counts: { pending: 0, outcomes: { ok: 42 } },
    });
    const proof = BatchReconciliation.parse(await (await send(`${path}/${made.id}/reconcile`)).json());
    expect(proof).toMatchObject({ planned: 42, rows: 42, settled: 42, holds: true });
    expect(proof.inferenceCostUsd).toBe(done.spend.costUsd);

    const list = BatchPage.parse(await (await send(`${path}?status=completed&limit=1`)).json());
    expect(list.data).toMatchObject([{ id: made.id, name: 'first' }]);
    expect(BatchPage.parse(await (await send(`${path}?status=paused`)).json()).data).toEqual([]);
    const positions: number[] = [];
    for (let cursor = ''; ; ) {
      const page = BatchItemPage.parse(
        await (await send(`${path}/${made.id}/items?limit=10${cursor}`)).json(),
      );
      positions.push(...page.data.map(({ position }) => position));
      if (page.nextCursor === null) break;
      cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
    }
    expect(positions).toEqual(Array.from({ length: 42 }, (_, n) => n));
    expect(
      BatchItemPage.parse(await (await send(`${path}/${made.id}/items?outcome=refused`)).json()).data,
    ).toEqual([]);
    for (const place of [path, `${path}/${made.id}/items`, `${path}/${made.id}/results`]) {
      await refusal(send(`${place}?cursor=nonsense`), 400, 'invalid_request');
    }

    const native = await resultsOf(made.id, 'limit=10');
    expect(native.pages).toHaveLength(5);
    expect(native.lines.map((line) => BatchResult.parse(JSON.parse(line)).position)).toEqual(positions);
    const openai = await resultsOf(made.id, 'limit=42&format=openai');
    expect(openai.pages).toHaveLength(1);
    expect(openai.lines.map((line) => JSON.parse(line).custom_id)).toEqual(
      native.lines.map((line) => JSON.parse(line).itemKey),
    );
    expect(JSON.parse(openai.lines[0] ?? '')).toMatchObject({
      error: null,
      response: {
        status_code: 200,
        body: { object: 'chat.completion', choices: [{ message: { role: 'assistant' } }] },
      },
    });
  });

  it('is made once for an Idempotency-Key, and another one is refused', async () => {
    const body = { targets: [echo], items: itemsOf(2), name: 'once' };
    const key = { 'idempotency-key': 'once' };
    const first = await post(path, body, key);
    const { id } = await detailOf(first);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    const started = conductor.started.length;
    const reordered = Object.fromEntries(Object.entries(body).toReversed());
    const second = await post(path, { ...reordered, repetitions: 1 }, key);
    expect([second.status, second.headers.get('idempotent-replayed')]).toEqual([202, 'true']);
    expect((await detailOf(second)).id).toBe(id);
    expect(conductor.started).toHaveLength(started);
    for (const other of [{ name: 'twice' }, { items: itemsOf(3) }, { repetitions: 2 }]) {
      await refusal(post(path, { ...body, ...other }, key), 409, 'idempotency_mismatch');
    }
    const both = await Promise.all([1, 2, 3].map(() => post(path, body, { 'idempotency-key': 'at-once' })));
    const ids = await Promise.all(both.map(async (response) => (await detailOf(response)).id));
    expect(new Set(ids).size).toBe(1);
    expect(both.filter(({ headers }) => headers.get('idempotent-replayed') === null)).toHaveLength(1);
  });
});

describe('the questions of a batch', () => {
  const lines = itemsOf(3)
    .map((item) => `${JSON.stringify(item)}\n`)
    .join('');

  it('may be JSON lines, packed or not, and are the same for an Idempotency-Key', async () => {
    const plain = await detailOf(await postLines({ targets: [echo] }, lines));
    expect(plain.planned).toBe(3);
    const packed = await detailOf(
      await postLines({ targets: [echo] }, gzipSync(lines), { 'content-encoding': 'gzip' }),
    );
    expect((await run(packed)).counts.outcomes.ok).toBe(3);
    const key = { 'idempotency-key': 'lines' };
    const first = await detailOf(await postLines({ targets: [echo] }, lines, key));
    expect((await detailOf(await postLines({ targets: [echo] }, lines, key))).id).toBe(first.id);
    await refusal(
      postLines({ targets: [echo] }, `${lines}\n`.replace('0?', '9?'), key),
      409,
      'idempotency_mismatch',
    );
    expect(await readdir(join(folder, 'spool')).catch(() => [])).toEqual([]);
  });

  it('may be a file in OpenAI’s batch format as it is, whose model the target takes', async () => {
    const text = ['a', 'b'].map((id) => openaiLine(id)).join('\n');
    const batch = await detailOf(
      await postLines({ targets: [{ provider: 'echo' }, { provider: 'echo', model: 'echo-9' }] }, text),
    );
    expect(batch.targets).toMatchObject([echo, { model: 'echo-9' }]);
    const mixed = `${text}\n${openaiLine('c', 'echo-2')}`;
    const differing = await refusal(
      postLines({ targets: [{ provider: 'echo' }] }, mixed),
      400,
      'invalid_request',
    );
    expect(differing.pointers).toEqual(['line 3/body/model']);
    expect((await postLines({ targets: [echo] }, mixed)).status).toBe(202);
    const unnamed = await refusal(
      postLines({ targets: [{ provider: 'echo' }] }, lines),
      400,
      'invalid_request',
    );
    expect(unnamed.pointers).toContain('/targets/0/model');
  });

  it('are refused as a whole for one that is wrong, which is named', async () => {
    const place = { targets: [echo] };
    const bad = await refusal(
      postLines(place, `${lines}\n{"itemKey":"x","prompt":7}\n`),
      400,
      'invalid_request',
    );
    expect(bad.pointers).toEqual(['line 5/prompt']);
    const text = await refusal(
      postLines(place, `${lines}not {json with a sk-secret`),
      400,
      'invalid_request',
    );
    expect([text.pointers, JSON.stringify(text)]).toEqual([
      ['line 4'],
      expect.not.stringContaining('sk-secret'),
    ]);
    const twice = await refusal(postLines(place, lines + lines), 400, 'invalid_request');
    expect(twice.pointers).toEqual(['line 4/itemKey', 'line 5/itemKey', 'line 6/itemKey']);
    const inline = await refusal(
      post(path, { ...place, items: [...itemsOf(2), ...itemsOf(1)] }),
      400,
      'invalid_request',
    );
    expect(inline.errors).toEqual([{ pointer: '/items/2/itemKey', message: 'stands more than once' }]);
    const many = Array.from({ length: 30 }, (_, n) => `{"itemKey":"${n}"}\n`).join('');
    const counted = await refusal(postLines(place, many), 400, 'invalid_request');
    expect(counted.errors).toHaveLength(20);
    expect(counted.detail).toContain('(10 more faults are not listed)');
    for (const empty of ['', '\n\n', ' \r\n']) {
      expect((await refusal(postLines(place, empty), 400, 'invalid_request')).errors).toHaveLength(1);
    }
    await refusal(postLines(place, 'no gzip', { 'content-encoding': 'gzip' }), 400, 'invalid_request');
    const cut = gzipSync(lines).subarray(0, -9);
    await refusal(postLines(place, cut, { 'content-encoding': 'gzip' }), 400, 'invalid_request');
  });

  it('are refused where a target is unknown, once for all of them', async () => {
    const unknown = { provider: 'nobody', model: 'm' };
    const problem = await refusal(
      post(path, { targets: [echo, unknown], items: itemsOf(5) }),
      400,
      'invalid_request',
    );
    expect(problem.pointers).toEqual(['/targets/1/provider']);
    const greedy = { ...echo, parameters: { maxOutputTokens: 1_000_000 } };
    const output = await refusal(
      post(path, { targets: [greedy], items: itemsOf(5) }),
      400,
      'invalid_request',
    );
    expect(output.pointers).toEqual(['/targets/0/parameters/maxOutputTokens']);
  });

  it('are refused where they are too many', async () => {
    const most = { targets: Array(50).fill(echo), repetitions: 1000 };
    const startedAt = performance.now();
    const problem = await refusal(post(path, { ...most, items: itemsOf(2000) }), 400, 'invalid_request');
    expect(problem.errors).toEqual([{ pointer: '/items', message: expect.stringContaining('100000000') }]);
    // Not one of a hundred thousand questions had to be looked at.
    expect(performance.now() - startedAt).toBeLessThan(5000);
    const long = Array.from({ length: 50_001 }, (_, n) => `{"itemKey":"${n}","prompt":"x"}\n`).join('');
    await refusal(postLines({ targets: [echo] }, long, {}, `${path}/estimate`), 413, 'payload_too_large');
  });

  it('are refused as soon as a small file turns out to be large', async () => {
    const bomb = gzipSync(Buffer.alloc(maxFileBytes + 1, ' '));
    expect(bomb.byteLength).toBeLessThan(1_000_000);
    await refusal(
      postLines({ targets: [echo] }, bomb, { 'content-encoding': 'gzip' }),
      413,
      'payload_too_large',
    );
  }, 30_000);

  it('may be a completed upload, and no other', async () => {
    const open = Upload.parse(await (await post('/api/v1/uploads', { contentEncoding: 'gzip' })).json());
    const body = { targets: [echo], uploadId: open.id };
    await refusal(post(path, body), 409, 'conflict');
    await refusal(post(path, { ...body, uploadId: unknownId }), 404, 'not_found');
    const content = gzipSync(lines);
    await send(`/api/v1/uploads/${open.id}/parts/1?sha256=${sha256(content)}`, {
      method: 'PUT',
      body: content,
      headers: { 'content-type': 'application/octet-stream' },
    });
    await post(`/api/v1/uploads/${open.id}/complete`, { partCount: 1 });
    const estimate = BatchEstimate.parse(await (await post(`${path}/estimate`, body)).json());
    expect(estimate).toMatchObject({ planned: 3, asked: 3 });
    const batch = await create(body);
    expect((await send(`/api/v1/uploads/${open.id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await run(batch)).counts.outcomes.ok).toBe(3);
  });
});

describe('what a batch may cost', () => {
  it('is no cap without a price', async () => {
    const body = { targets: [echo, { provider: 'unpriced', model: 'm' }], items: itemsOf(1) };
    const problem = await refusal(post(path, { ...body, maxCostUsd: '1' }), 422, 'price_unknown');
    expect(problem.pointers).toEqual(['/targets/1/model']);
    await refusal(post(`${path}/estimate`, { ...body, maxCostUsd: '1' }), 422, 'price_unknown');
    const estimate = BatchEstimate.parse(await (await post(`${path}/estimate`, body)).json());
    expect(estimate).toMatchObject({ planned: 2, maxCostUsd: null, inputCostUsd: null });
    expect(estimate.targets.map(({ maxCostUsd }) => maxCostUsd === null)).toEqual([false, true]);
    expect((await post(path, { ...body, maxTokens: 100_000 })).status).toBe(202);
  });

  it.each([false, true])(
    'is what the estimate says, and that is enough for all (shared: %s)',
    async (shareIdentical) => {
      const items = [...itemsOf(4), { itemKey: 'same', prompt: 'Question 0?' }];
      const body = {
        targets: [priced, { ...priced, parameters: { maxOutputTokens: 9 } }],
        items,
        repetitions: 2,
        shareIdentical,
      };
      const before = await countBatches();
      const response = await post(`${path}/estimate`, body);
      expect(response.status).toBe(200);
      const estimate = BatchEstimate.parse(await response.json());
      expect(await countBatches()).toBe(before);
      expect(estimate).toMatchObject({ planned: 20, asked: shareIdentical ? 16 : 20 });
      expect(estimate.maxCostUsd).toMatch(/^0\.\d+$/);
      const maxTokens = estimate.targets.reduce(
        (sum, target) => sum + target.maxInputTokens + target.maxOutputTokens,
        0,
      );
      const caps = { maxCostUsd: String(estimate.maxCostUsd), maxTokens };
      const done = await run(await create({ ...body, ...caps }));
      expect(done.counts.outcomes).toMatchObject({ budget_skipped: 0, ok: 20 });
      expect(Number(done.spend.costUsd)).toBeLessThanOrEqual(Number(estimate.maxCostUsd));
      expect(done.spend.budget).toMatchObject({ ...caps, reservedTokens: 0 });
      expect(Number(done.spend.budget?.reservedUsd)).toBe(0);
      expect(Number(done.spend.budget?.spentUsd)).toBe(Number(done.spend.costUsd));
      const proof = BatchReconciliation.parse(await (await send(`${path}/${done.id}/reconcile`)).json());
      expect(proof.holds).toBe(true);
    },
  );

  it('ends what does not fit as budget_skipped, and a retry asks it again', async () => {
    const done = await run(
      await create({ targets: [priced], items: itemsOf(2), maxCostUsd: '0.000000000001' }),
    );
    expect(done).toMatchObject({
      status: 'completed',
      counts: { outcomes: { budget_skipped: 2 } },
      spend: { costUsd: '0' },
    });
    const openai = await resultsOf(done.id, 'format=openai');
    expect(JSON.parse(openai.lines[0] ?? '')).toMatchObject({
      response: null,
      error: { code: 'budget_skipped' },
    });
    const again = await detailOf(await act(done.id, 'retry-failed'));
    expect(again).toMatchObject({ generation: 2, counts: { pending: 2 }, finishedAt: null });
  });
});

describe('a batch under way', () => {
  const conflict = (id: string, action: string, body?: unknown) =>
    refusal(act(id, action, body), 409, 'conflict');

  it('is paused, resumed and cancelled where its state allows it', async () => {
    const { id } = await create({ targets: [echo], items: itemsOf(3) });
    await conflict(id, 'resume');
    await conflict(id, 'retry-failed');
    expect(await detailOf(await act(id, 'pause'))).toMatchObject({ status: 'paused' });
    expect((await act(id, 'pause')).status).toBe(200);
    const started = conductor.started.length;
    const resumed = await detailOf(await act(id, 'resume'));
    expect(['queued', 'running']).toContain(resumed.status);
    expect(conductor.started.length).toBeGreaterThan(started);
    await conflict(id, 'resume');
    await act(id, 'pause');
    const cancelled = await detailOf(await act(id, 'cancel'));
    expect(cancelled).toMatchObject({ status: 'cancelled', counts: { outcomes: { cancelled: 3 } } });
    expect(await detailOf(await act(id, 'cancel'))).toEqual(expect.objectContaining({ status: 'cancelled' }));
    await conflict(id, 'pause');
    await conflict(id, 'resume');
    await conflict(id, 'retry-failed', { outcomes: ['timeout'] });
    const again = await run(await detailOf(await act(id, 'retry-failed')));
    expect(again).toMatchObject({ status: 'completed', counts: { outcomes: { ok: 3, cancelled: 0 } } });
    await conflict(id, 'retry-failed');
    await conflict(id, 'pause');
    expect(await detailOf(await act(id, 'cancel'))).toMatchObject({ status: 'completed' });
    for (const action of ['pause', 'resume', 'cancel', 'retry-failed']) {
      expect((await act(unknownId, action)).status).toBe(404);
    }
  });

  it('is followed by events that end with it', async () => {
    const batch = await create({ targets: [echo], items: itemsOf(3) });
    const response = await send(`${path}/${batch.id}/events`);
    const following = response.text();
    const done = await run(batch);
    const ids = [...(await following).matchAll(/^id: (.*)$/gm)].map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(1);
    expect(ids.at(-1)).toBe(batchEventId(done));
    const last = { 'last-event-id': batchEventId(done) };
    expect((await send(`${path}/${batch.id}/events`, { headers: last })).status).toBe(204);
    expect(await (await send(`${path}/${batch.id}/events`)).text()).toContain(`id: ${batchEventId(done)}\n`);
  });
});

describe('pages of results', () => {
  it('stay below 16 MiB with long answers, long labels and the longest JSON', async () => {
    const control = '\u0001'.repeat(300_000);
    provider.respondWith({
      body: {
        id: 'x',
        object: 'chat.completion',
        model: 'm',
        choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: control } }],
      },
    });
    const metadata = Object.fromEntries(
      Array.from({ length: 50 }, (_, n) => [`label-${n}`, 'ä'.repeat(2000)]),
    );
    const items = itemsOf(30).map((item, n) => (n < 20 ? { ...item, metadata } : item));
    const batch = await create({ targets: [{ provider: 'unpriced', model: 'm' }], items });
    const done = await run(batch);
    expect(done.counts.outcomes.ok).toBe(30);
    const { pages, lines } = await resultsOf(batch.id, 'limit=10000');
    expect(pages.length).toBeGreaterThan(2);
    expect(Math.max(...pages.map((page) => Buffer.byteLength(page)))).toBeLessThan(16 * 1024 * 1024);
    expect(lines.map((line) => JSON.parse(line).position)).toEqual(Array.from({ length: 30 }, (_, n) => n));
    provider.respondWith(null);
  }, 30_000);
});
