import { createRoute } from '@hono/zod-openapi';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { maxPartBytes, Upload } from '../../src/contract/upload.ts';
import { createApiApp } from '../../src/http/create-app.ts';
import { NoQuery } from '../../src/http/id-params.ts';
import { jsonContent } from '../../src/http/json-content.ts';
import { jsonLinesContent } from '../../src/http/raw-content.ts';
import { requestBytes } from '../../src/http/request-bytes.ts';
import { access } from '../../src/http/route-access.ts';
import { type OpenUploads, openUploads, questionsOf, sha256 } from '../services/support/open-uploads.ts';
import { textOf } from '../support/byte-pieces.ts';
import { fakeAppOptions, knownId, startFakeApp, testKeys, unknownId } from '../support/fake-services.ts';
import { readProblem } from '../support/read-problem.ts';

const path = '/api/v1/uploads';
const binary = { 'content-type': 'application/octet-stream' };
const text = '{"id":"a","prompt":"x"}\n';
const partPath = (id: string, partNumber: number | string, hash: string) =>
  `${path}/${id}/parts/${partNumber}?sha256=${hash}`;

/** Pieces of 1 MiB, and how many of them were asked for. */
const endlessBody = () => {
  const taken = { pieces: 0 };
  const body = new ReadableStream({
    pull: (controller) => {
      taken.pieces += 1;
      controller.enqueue(new Uint8Array(1024 * 1024));
    },
  });
  return { body, taken };
};

describe('uploads', () => {
  let open: OpenUploads;
  let app: ReturnType<typeof startFakeApp>;
  beforeAll(async () => {
    open = await openUploads();
    app = startFakeApp({ uploadService: open.service });
  });
  afterAll(() => open.close());

  const put = (id: string, partNumber: number | string, body: BodyInit, hash: string, headers = {}) =>
    app.send(partPath(id, partNumber, hash), { method: 'PUT', body, headers: { ...binary, ...headers } });
  const create = async () => Upload.parse(await (await app.post(path, {})).json());

  it('are made, filled, completed, read and deleted', async () => {
    const created = await app.post(path, { name: 'questions.jsonl' });
    expect(created.status).toBe(201);
    const { id, contentEncoding } = Upload.parse(await created.json());
    expect(created.headers.get('location')).toBe(`${path}/${id}`);
    expect(contentEncoding).toBe('identity');
    const answered = await put(id, 1, text, sha256(text));
    expect(answered.status).toBe(200);
    expect(Upload.parse(await answered.json()).parts).toEqual([
      { partNumber: 1, bytes: text.length, sha256: sha256(text) },
    ]);
    const completed = await app.post(`${path}/${id}/complete`, { partCount: 1, sha256: sha256(text) });
    expect(completed.status).toBe(200);
    const found = await app.send(`${path}/${id}`);
    expect(Upload.parse(await found.json())).toMatchObject({ status: 'completed', sha256: sha256(text) });
    expect(await questionsOf(await open.service.openQuestions(id))).toHaveLength(1);
    expect((await app.send(`${path}/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await readProblem(await app.send(`${path}/${id}`))).code).toBe('not_found');
  });

  it('take a body without bytes as an empty part', async () => {
    const { id } = await create();
    const response = await app.send(partPath(id, 1, sha256('')), { method: 'PUT', headers: binary });
    expect(Upload.parse(await response.json()).parts).toMatchObject([{ bytes: 0 }]);
  });

  it('refuse a part whose bytes are not those of its hash, and say what is missing', async () => {
    const { id } = await create();
    const wrong = await readProblem(await put(id, 2, text, sha256('other')));
    expect(wrong).toMatchObject({ status: 400, errors: [{ pointer: '?sha256' }] });
    await put(id, 2, text, sha256(text));
    const early = await readProblem(await app.post(`${path}/${id}/complete`, { partCount: 2 }));
    expect(early).toMatchObject({ status: 409, code: 'conflict', detail: 'Part 1 is missing.' });
  });

  it('refuse a part above 8 MiB, before it is read where its length is declared', async () => {
    const { id } = await create();
    const declared = endlessBody();
    const length = { 'content-length': String(maxPartBytes + 1) };
    const response = await put(id, 1, declared.body, sha256(''), length);
    expect((await readProblem(response)).code).toBe('payload_too_large');
    expect(declared.taken.pieces).toBeLessThanOrEqual(1);
    const counted = endlessBody();
    expect((await put(id, 1, counted.body, sha256(''))).status).toBe(413);
    expect(counted.taken.pieces).toBeLessThan(12);
    const most = new Uint8Array(maxPartBytes);
    expect((await put(id, 1, most, sha256(most))).status).toBe(200);
  });

  it('want the declared media type, not compressed, and a hash and number in the right form', async () => {
    const { id } = await create();
    const hash = sha256(text);
    for (const headers of [
      { 'content-type': 'application/json' },
      { 'content-type': 'text/plain' },
      { 'content-encoding': 'gzip' },
      { 'content-encoding': 'br' },
    ]) {
      expect((await readProblem(await put(id, 1, text, hash, headers))).status).toBe(415);
    }
    for (const partNumber of ['0', '101', '01', '1.5', 'x', '1e1']) {
      expect((await readProblem(await put(id, partNumber, text, hash))).errors).toMatchObject([
        { pointer: '{partNumber}' },
      ]);
    }
    for (const bad of ['', 'x', hash.toUpperCase()]) {
      expect((await readProblem(await put(id, 1, text, bad))).errors).toMatchObject([{ pointer: '?sha256' }]);
    }
    expect((await put(unknownId, 1, text, hash)).status).toBe(404);
  });

  it('are for `batch:write` only', async () => {
    const { id } = await create();
    const requests: [string, string, BodyInit | undefined, object][] = [
      ['POST', path, '{}', { 'content-type': 'application/json' }],
      ['GET', `${path}/${id}`, undefined, {}],
      ['PUT', partPath(id, 1, sha256(text)), text, binary],
      ['POST', `${path}/${id}/complete`, '{"partCount":1}', { 'content-type': 'application/json' }],
      ['DELETE', `${path}/${id}`, undefined, {}],
    ];
    for (const [method, target, body, type] of requests) {
      const sendAs = (key: string) =>
        app.sendRaw(target, {
          method,
          ...(body !== undefined && { body }),
          headers: { ...type, authorization: `Bearer ${key}` },
        });
      expect((await sendAs(testKeys['inference:write'])).status).toBe(403);
      expect((await sendAs(testKeys.unknown)).status).toBe(401);
      expect((await sendAs(testKeys['batch:write'])).status).toBeLessThan(300);
    }
  });
});

describe('a route that takes JSON and other types', () => {
  const route = createRoute({
    method: 'post',
    path: '/api/v1/test-lines',
    ...access('batch:write'),
    request: {
      query: NoQuery,
      body: {
        required: false,
        content: { ...jsonContent(z.strictObject({ a: z.number() })), ...jsonLinesContent },
      },
    },
    responses: { 200: { description: 'What was sent' } },
  });
  const app = createApiApp(fakeAppOptions().options);
  app.openapi(route, async (c) => {
    const rawType = c.get('rawType');
    return rawType === undefined
      ? c.json({ json: c.req.valid('json') }, 200)
      : c.json({ rawType, encoding: c.get('contentEncoding'), text: await textOf(requestBytes(c)) }, 200);
  });
  const send = async (body: BodyInit, headers: Record<string, string>) =>
    app.request('/api/v1/test-lines', {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${testKeys.admin}`, ...headers },
    });

  it.each([
    ['application/jsonl', 'application/jsonl'],
    ['application/jsonl; charset=utf-8', 'application/jsonl'],
    ['Application/X-NDJSON', 'application/x-ndjson'],
  ])('leaves %s alone, compressed or not', async (type, rawType) => {
    for (const encoding of ['identity', 'gzip']) {
      const response = await send('not {json', { 'content-type': type, 'content-encoding': encoding });
      expect([response.status, await response.json()]).toEqual([
        200,
        { rawType, encoding, text: 'not {json' },
      ]);
    }
    expect((await send('x', { 'content-type': type, 'content-encoding': 'br' })).status).toBe(415);
  });

  it('still parses and checks JSON, which stays uncompressed', async () => {
    const json = { 'content-type': 'application/json' };
    expect(await (await send('{"a":1}', json)).json()).toEqual({ json: { a: 1 } });
    expect((await send('{"a":"x"}', json)).status).toBe(400);
    expect((await send('{', json)).status).toBe(400);
    expect((await send('{"a":1}', { ...json, 'content-encoding': 'gzip' })).status).toBe(415);
    expect((await send('{"a":1}', { 'content-type': 'text/plain' })).status).toBe(415);
  });

  it('refuses a body above 16 MiB on the way', async () => {
    const { body, taken } = endlessBody();
    const response = await app.request('/api/v1/test-lines', {
      method: 'POST',
      body,
      duplex: 'half',
      headers: { authorization: `Bearer ${testKeys.admin}`, 'content-type': 'application/jsonl' },
    } as RequestInit);
    expect(response.status).toBe(413);
    expect(taken.pieces).toBeLessThan(20);
  });
});

describe('the routes of uploads', () => {
  it('hand the caller on', async () => {
    const callers: unknown[] = [];
    const app = startFakeApp({
      uploadService: {
        create: async (_request, caller) => {
          callers.push(caller);
          throw new Error('seen');
        },
      },
    });
    await app.post(path, { contentEncoding: 'gzip' });
    expect(callers).toEqual([{ apiKeyId: knownId }]);
  });
});
