import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BatchEstimate } from '../../src/contract/batch.ts';
import { maxFileBytes, Upload } from '../../src/contract/upload.ts';
import { sha256 } from '../services/support/open-uploads.ts';
import { unknownId } from '../support/fake-services.ts';
import { createBatchApp, echo, itemsOf } from './support/create-batch-app.ts';

const path = '/api/v1/batches';
const batchApp = createBatchApp();
const { detailOf, post, postLines, refusal, run, send, spooled } = batchApp;
beforeAll(batchApp.open);
afterAll(batchApp.close);
const openaiLine = (id: string, model = 'echo-1') =>
  JSON.stringify({
    custom_id: id,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model, messages: [{ role: 'user', content: `Question ${id}?` }] },
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
    expect(await spooled()).toEqual([]);
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
    const key = { 'idempotency-key': 'of-an-upload' };
    const batch = await detailOf(await post(path, body, key));
    expect((await send(`/api/v1/uploads/${open.id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await run(batch)).counts.outcomes.ok).toBe(3);
    const again = await post(path, body, key);
    expect([again.status, (await detailOf(again)).id]).toEqual([202, batch.id]);
    await refusal(post(path, { ...body, repetitions: 2 }, key), 409, 'idempotency_mismatch');
    await refusal(post(path, body), 404, 'not_found');
  });
});
