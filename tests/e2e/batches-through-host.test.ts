import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { BatchDetail } from '../../src/contract/batch.ts';
import { ScheduleFiring } from '../../src/contract/schedule.ts';
import { Upload } from '../../src/contract/upload.ts';
import { sha256 } from '../services/support/open-uploads.ts';
import { type RunningApp, startApp } from '../support/running-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const path = '/api/v1/batches';
const targets = [{ provider: 'echo', model: 'echo-1' }];
const itemsOf = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ itemKey: `q-${n}`, prompt: `Question ${n}?` }));

describe.each(['true', 'false'])('batches through the host, streaming %s', (httpStream) => {
  let database: TestDatabase;
  let app: RunningApp;
  let folder: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    folder = await mkdtemp(join(tmpdir(), 'sq-e2e-'));
    const settings = {
      SQ_HTTP_STREAM: httpStream,
      SQ_ARTIFACTS_DIR: folder,
      SQ_ECHO: '[{"name":"echo","latencyMs":250}]',
    };
    app = await startApp(database.url, settings, { strictDurable: true });
  });

  afterAll(async () => {
    await app?.host.stop();
    await database?.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const detailOf = async (response: Response): Promise<BatchDetail> => {
    if (!response.ok) throw new Error(await response.text());
    return BatchDetail.parse(await response.json());
  };
  const untilFinished = async (id: string): Promise<BatchDetail> => {
    for (const end = Date.now() + 10_000; Date.now() < end; ) {
      const batch = await detailOf(await app.send(`${path}/${id}`));
      if (batch.finishedAt !== null) return batch;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`batch ${id} did not finish`);
  };
  /** Events with the time at which each arrived, in ms from the start. */
  const follow = async (id: string) => {
    const startedAt = performance.now();
    const response = await app.send(`${path}/${id}/events`);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    const arrived: { batch: BatchDetail; ms: number }[] = [];
    let text = '';
    const decoder = new TextDecoder();
    for await (const piece of response.body ?? []) {
      text += decoder.decode(piece, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (data === undefined) continue;
        arrived.push({ batch: BatchDetail.parse(JSON.parse(data)), ms: performance.now() - startedAt });
      }
    }
    return { arrived, ms: performance.now() - startedAt };
  };

  it('run to their end, are followed, read and reconciled', async () => {
    const response = await app.post(path, {
      targets,
      items: itemsOf(20),
      concurrency: 3,
      maxTokens: 1_000_000,
    });
    expect(response.status).toBe(202);
    const { id } = await detailOf(response);
    expect(response.headers.get('location')).toBe(`${path}/${id}`);
    const { arrived, ms } = await follow(id);
    const [first] = arrived;
    const last = arrived.at(-1);
    if (httpStream === 'true') {
      expect(last?.batch).toMatchObject({ status: 'completed', counts: { outcomes: { ok: 20 } } });
      expect(arrived.length).toBeGreaterThan(2);
      expect((last?.ms ?? 0) - (first?.ms ?? 0)).toBeGreaterThan(500);
    } else {
      // In one piece: at the end of the batch, or when the stream ends itself.
      expect((last?.ms ?? 0) - (first?.ms ?? 0)).toBeLessThan(100);
      expect(ms).toBeLessThan(7000);
    }
    expect(await untilFinished(id)).toMatchObject({ generation: 1, counts: { outcomes: { ok: 20 } } });
    const results = await (await app.send(`${path}/${id}/results`)).text();
    const keys = results.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line).itemKey]));
    expect(keys).toEqual(itemsOf(20).map(({ itemKey }) => itemKey));
    expect(await (await app.send(`${path}/${id}/reconcile`)).json()).toMatchObject({
      settled: 20,
      holds: true,
    });
    expect((await app.send(`${path}/${id}/pause`, { method: 'POST' })).status).toBe(409);
    expect(await app.host.warnings()).toEqual([]);
  }, 30_000);

  it('take their questions from an upload in parts, or from the body', async () => {
    const lines = itemsOf(4)
      .map((item) => `${JSON.stringify(item)}\n`)
      .join('');
    const file = gzipSync(lines);
    const half = Math.floor(file.byteLength / 2);
    const made = await app.post('/api/v1/uploads', { contentEncoding: 'gzip' });
    const upload = Upload.parse(await made.json());
    for (const [index, part] of [file.subarray(0, half), file.subarray(half)].entries()) {
      const place = `/api/v1/uploads/${upload.id}/parts/${index + 1}?sha256=${sha256(part)}`;
      const headers = { 'content-type': 'application/octet-stream' };
      expect((await app.send(place, { method: 'PUT', body: part, headers })).status).toBe(200);
    }
    const closing = { partCount: 2, sha256: sha256(file) };
    expect((await app.post(`/api/v1/uploads/${upload.id}/complete`, closing)).status).toBe(200);
    const uploaded = await detailOf(await app.post(path, { targets, uploadId: upload.id }));
    const query = `?definition=${encodeURIComponent(JSON.stringify({ targets, repetitions: 2 }))}`;
    const headers = { 'content-type': 'application/jsonl', 'content-encoding': 'gzip' };
    const posted = await detailOf(await app.send(path + query, { method: 'POST', body: file, headers }));
    expect((await untilFinished(uploaded.id)).counts.outcomes.ok).toBe(4);
    expect((await untilFinished(posted.id)).counts.outcomes.ok).toBe(8);
    expect(await readdir(join(folder, 'uploads'))).toEqual([upload.id]);
    expect(await app.host.warnings()).toEqual([]);
  }, 30_000);

  it('are started by a schedule that is due', async () => {
    const made = await app.post('/api/v1/schedules', {
      name: 'due',
      cron: '* * * * *',
      batch: { targets, items: itemsOf(2) },
    });
    const { id } = await made.json();
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query("update schedules set next_fire_at = date_trunc('minute', now())");
    await client.end();
    expect((await app.send('/api/v1/tick', { method: 'POST' })).status).toBe(200);
    const { data } = await (await app.send(`/api/v1/schedules/${id}/firings`)).json();
    const { batchId, status } = ScheduleFiring.parse(data.at(-1));
    expect(['started', 'late']).toContain(status);
    const batch = await untilFinished(String(batchId));
    expect(batch).toMatchObject({
      name: 'due',
      metadata: { scheduleId: id },
      counts: { outcomes: { ok: 2 } },
    });
    expect((await app.send(`/api/v1/schedules/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect(await app.host.warnings()).toEqual([]);
    expect(app.lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  }, 30_000);
});
