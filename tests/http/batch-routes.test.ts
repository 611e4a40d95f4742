import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { type BatchDefinition, BatchDetail } from '../../src/contract/batch.ts';
import { AppError } from '../../src/errors.ts';
import { maxBodyBytes } from '../../src/http/json-body.ts';
import type { BatchCaller, QuestionSource } from '../../src/services/batches/batch-service.ts';
import { textOf } from '../support/byte-pieces.ts';
import { exampleBatchDetail } from '../support/example-batches.ts';
import { knownId, startFakeApp, unknownId } from '../support/fake-services.ts';
import { readProblem } from '../support/read-problem.ts';

const path = '/api/v1/batches';
const targets = [{ provider: 'echo', model: 'echo-1' }];
const items = [{ itemKey: 'a', prompt: 'hello' }];
const detail = exampleBatchDetail({ id: knownId });

/** An app that remembers what the service was asked for. */
const startRecorder = (create?: () => Promise<never>) => {
  const calls: { definition: BatchDefinition; source: QuestionSource; text: string; caller: BatchCaller }[] =
    [];
  const app = startFakeApp({
    batchService: {
      create: async (definition, source, caller) => {
        const text = 'lines' in source ? await textOf(source.lines) : '';
        calls.push({ definition, source, text, caller });
        await create?.();
        return { batch: detail, replayed: caller.idempotencyKey === 'again' };
      },
    },
  });
  const faultsOf = async (response: Response) => (await readProblem(response)).errors;
  return { ...app, calls, faultsOf };
};
const queryOf = (definition: unknown) => `?definition=${encodeURIComponent(JSON.stringify(definition))}`;

describe('a batch over HTTP', () => {
  it('is answered with 202 and its place, and the caller is handed on', async () => {
    const app = startRecorder();
    const response = await app.post(path, { targets, items, name: ' nightly ' });
    expect(response.status).toBe(202);
    expect(response.headers.get('location')).toBe(`${path}/${knownId}`);
    expect(response.headers.get('idempotent-replayed')).toBeNull();
    expect(await response.json()).toEqual(BatchDetail.parse(detail));
    expect(app.calls).toMatchObject([
      {
        definition: { name: 'nightly', repetitions: 1, concurrency: 32, onUnknown: 'resend' },
        source: { items },
        caller: { apiKeyId: knownId },
      },
    ]);
    expect(app.calls[0]?.definition).not.toHaveProperty('items');
  });

  it('hands the Idempotency-Key on, says when it was used before, and refuses a malformed one', async () => {
    const app = startRecorder();
    const again = await app.post(path, { targets, items }, { 'idempotency-key': 'again' });
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([202, 'true']);
    expect(again.headers.get('location')).toBe(`${path}/${knownId}`);
    for (const key of ['a b', 'x'.repeat(256), 'ä']) {
      const refused = await app.post(path, { targets, items }, { 'idempotency-key': key });
      expect(await app.faultsOf(refused)).toMatchObject([{ pointer: 'Idempotency-Key:' }]);
    }
    expect(app.calls).toHaveLength(1);
  });

  it.each(['application/jsonl', 'application/x-ndjson'])('takes its questions as %s', async (type) => {
    const app = startRecorder();
    const query = queryOf({ targets: [{ provider: 'echo' }], repetitions: 2 });
    const plain = await app.send(path + query, {
      method: 'POST',
      body: 'not looked at',
      headers: { 'content-type': type },
    });
    expect(plain.status).toBe(202);
    const packed = await app.send(path + query, {
      method: 'POST',
      body: gzipSync('packed'),
      headers: { 'content-type': type, 'content-encoding': 'gzip' },
    });
    expect(packed.status).toBe(202);
    expect(app.calls).toMatchObject([
      { source: { contentEncoding: 'identity' }, text: 'not looked at', definition: { repetitions: 2 } },
      { source: { contentEncoding: 'gzip' } },
    ]);
  });

  const lines = { 'content-type': 'application/jsonl' };
  const wrong: [string, string, BodyInit | undefined, Record<string, string>, number, string | null][] = [
    ['no body and no type', '', undefined, {}, 400, ''],
    ['an empty JSON body', '', '', { 'content-type': 'application/json' }, 400, '/targets'],
    ['lines without a definition', '', '{}', lines, 400, '?definition'],
    ['a definition that is no JSON', '?definition=x', '{}', lines, 400, '?definition'],
    ['an empty definition', '?definition=', '{}', lines, 400, '?definition'],
    ['a definition with items', queryOf({ targets, items }), '{}', lines, 400, '?definition'],
    ['an unknown query key', '?x=1', JSON.stringify({ targets, items }), {}, 400, '?x'],
    [
      'a definition beside JSON',
      queryOf({ targets }),
      JSON.stringify({ targets, items }),
      {},
      400,
      '?definition',
    ],
    ['items and uploadId', '', JSON.stringify({ targets, items, uploadId: knownId }), {}, 400, '/items'],
    ['neither items nor uploadId', '', JSON.stringify({ targets }), {}, 400, '/items'],
    ['no items', '', JSON.stringify({ targets, items: [] }), {}, 400, '/items'],
    ['no targets', '', JSON.stringify({ targets: [], items }), {}, 400, '/targets'],
    [
      'a target without model beside items',
      '',
      JSON.stringify({ targets: [...targets, { provider: 'echo' }], items }),
      {},
      400,
      '/targets/1/model',
    ],
    ['text', '', 'hello', { 'content-type': 'text/plain' }, 415, null],
    ['a form', '', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }, 415, null],
    [
      'lines in another compression',
      queryOf({ targets }),
      'x',
      { ...lines, 'content-encoding': 'br' },
      415,
      null,
    ],
    [
      'compressed JSON',
      '',
      gzipSync(JSON.stringify({ targets, items })),
      { 'content-encoding': 'gzip' },
      415,
      null,
    ],
  ];
  it.each(wrong)('refuses %s, estimate or not', async (_name, query, body, headers, status, pointer) => {
    const app = startRecorder();
    for (const place of [path, `${path}/estimate`]) {
      const init = { method: 'POST', headers, ...(body !== undefined && { body }) };
      const response = await app.send(place + query, init);
      const problem = await readProblem(response);
      expect([problem.status, problem.errors.map((fault) => fault.pointer)]).toEqual([
        status,
        pointer === null
          ? []
          : expect.arrayContaining([expect.stringMatching(new RegExp(`^${pointer.replace('?', '\\?')}`))]),
      ]);
    }
    expect(app.calls).toEqual([]);
  });

  it('names the place in a definition, as in a body', async () => {
    const app = startRecorder();
    const definition = { targets: [{ provider: 'No' }, { ...targets[0], x: 1 }], repetitions: 0 };
    const init = { method: 'POST', body: '{}', headers: lines };
    expect(await app.faultsOf(await app.send(path + queryOf(definition), init))).toEqual([
      { pointer: '?definition/targets/0/provider', message: expect.any(String) },
      { pointer: '?definition/targets/1/x', message: 'is not a known member' },
      { pointer: '?definition/repetitions', message: expect.any(String) },
    ]);
  });

  it('takes 16 MiB of JSON or lines, and not a byte more', async () => {
    const app = startRecorder();
    const many = Array.from({ length: 5 }, (_, n) => ({ itemKey: String(n), prompt: 'x'.repeat(3_000_000) }));
    const start = `${JSON.stringify({ targets, items: many }).slice(0, -2)},{"itemKey":"rest","prompt":"`;
    const exact = `${start}${'x'.repeat(maxBodyBytes - start.length - 4)}"}]}`;
    expect(exact).toHaveLength(maxBodyBytes);
    expect((await app.send(path, { method: 'POST', body: exact })).status).toBe(202);
    expect((await app.send(path, { method: 'POST', body: `${exact} ` })).status).toBe(413);
    const send = (bytes: number) =>
      app.send(path + queryOf({ targets }), { method: 'POST', body: new Uint8Array(bytes), headers: lines });
    expect((await send(maxBodyBytes)).status).toBe(202);
    expect((await send(maxBodyBytes + 1)).status).toBe(413);
  });

  it('answers what the service refuses as it is, also where there is nothing to wait for', async () => {
    const app = startRecorder(async () => {
      throw new AppError('price_unknown', 'No.', {
        faults: [{ pointer: '/targets/0/model', message: 'no' }],
      });
    });
    const response = await app.post(path, { targets, items });
    expect(await readProblem(response)).toMatchObject({ status: 422, code: 'price_unknown' });
    expect(response.headers.get('retry-after')).toBeNull();
  });
});

describe('the lists of a batch', () => {
  const app = startFakeApp();
  it.each([
    ['', ['limit=0', 'limit=201', 'limit=x', 'status=done', 'x=1', 'cursor=']],
    [`/${knownId}`, ['limit=1']],
    [
      `/${knownId}/items`,
      ['limit=201', 'outcome=good', 'state=leased', 'format=openai', 'targetIndex=-1', 'detail='],
    ],
    [`/${knownId}/failures`, ['limit=1']],
    [`/${knownId}/results`, ['limit=0', 'limit=10001', 'format=csv', 'outcome=ok']],
    [`/${knownId}/events`, ['limit=1']],
    [`/${knownId}/reconcile`, ['x=1']],
  ])('%s takes no other query than its own', async (place, queries) => {
    expect((await app.send(`${path}${place}`, { method: 'HEAD' })).status).toBe(200);
    for (const query of queries) {
      const problem = await readProblem(await app.send(`${path}${place}?${query}`));
      expect([query, problem.errors]).toEqual([
        query,
        [expect.objectContaining({ pointer: `?${query.split('=')[0]}` })],
      ]);
    }
  });

  it.each(['', '/items', '/failures', '/results', '/events', '/reconcile'])(
    '%s of another id is a 404',
    async (place) => {
      expect((await readProblem(await app.send(`${path}/${unknownId}${place}`))).code).toBe('not_found');
      expect((await readProblem(await app.send(`${path}/estimate${place}`))).status).toBeLessThan(500);
    },
  );

  it.each(['pause', 'resume', 'cancel', 'retry-failed'])(
    '%s is no page, and wants no body',
    async (action) => {
      const place = `${path}/${knownId}/${action}`;
      expect((await app.send(place, { method: 'POST' })).status).toBe(200);
      expect((await app.send(place)).status).toBe(405);
      expect(
        (await readProblem(await app.send(`${path}/${unknownId}/${action}`, { method: 'POST' }))).code,
      ).toBe('not_found');
      expect((await app.send(`${place}?force=1`, { method: 'POST' })).status).toBe(400);
    },
  );

  it('ask again for outcomes that are failures only', async () => {
    const place = `${path}/${knownId}/retry-failed`;
    for (const body of [{ outcomes: ['ok'] }, { outcomes: [] }, { outcomes: 'timeout' }, { all: true }]) {
      expect((await app.post(place, body)).status).toBe(400);
    }
    expect((await app.post(place, { outcomes: ['refused', 'timeout'] })).status).toBe(200);
  });

  it('give results as JSON lines with the cursor in a header', async () => {
    const response = await app.send(`${path}/${knownId}/results`);
    expect(response.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    expect(response.headers.get('x-sq-next-cursor')).toBe('next');
    const text = await response.text();
    expect(text.endsWith('}\n')).toBe(true);
    expect(JSON.parse(text)).toMatchObject({ itemKey: 'a', text: 'because' });
  });
});
