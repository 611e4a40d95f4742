import { describe, expect, it } from '@jest/globals';
import { Problem } from '../../src/contract/problem.ts';
import { AppError } from '../../src/errors.ts';
import { goodQuestion, knownId, startFakeApp, testKeys, unknownId } from '../support/fake-services.ts';

const inferences = '/api/v1/inferences';
const problemOf = async (response: Response) => {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = Problem.parse(await response.json());
  expect(problem.status).toBe(response.status);
  expect(problem.requestId).toBe(response.headers.get('x-request-id'));
  return problem;
};
const postText = (app: ReturnType<typeof startFakeApp>, body: BodyInit, headers = {}) =>
  app.send(inferences, { method: 'POST', body, headers });

describe('bodies', () => {
  it.each([
    ['{"prompt":"a",}', 14],
    ['{"prompt":tru}', 13],
    ['nonsense', 1],
    ['{"prompt":"a"', 13],
    ["{'prompt':'a'}", 1],
    ['{"prompt":"a"} x', 15],
  ])('%s is refused at position %i', async (text, position) => {
    const problem = await problemOf(await postText(startFakeApp(), text));
    expect(problem.code).toBe('invalid_request');
    expect(problem.errors).toEqual([
      { pointer: '', message: `is not valid JSON at position ${position} (in characters)` },
    ]);
  });

  it('does not repeat the text that it cannot read', async () => {
    const response = await postText(startFakeApp(), `{"key": ${testKeys.admin}}`);
    expect(await response.text()).not.toContain(testKeys.admin);
  });

  it('names every faulty member by JSON pointer, and unknown ones', async () => {
    const { post } = startFakeApp();
    const response = await post(inferences, {
      messages: [
        { role: 'user', content: 'a' },
        { role: 'robot', content: 1 },
      ],
      provider: 'echo',
      model: 'm',
      parameters: { temperature: 9 },
      metadata: { 'a/b~c': { nested: true } },
      Headers: { authorization: 'x' },
    });
    const problem = await problemOf(response);
    expect(problem.errors.map(({ pointer }) => pointer).toSorted()).toEqual([
      '/Headers',
      '/messages/1/content',
      '/messages/1/role',
      '/metadata/a~1b~0c',
      '/parameters/temperature',
    ]);
  });

  it.each([
    ['text/plain'],
    ['application/x-www-form-urlencoded'],
    ['application/json; charset=utf-16'],
    ['application/jsonp'],
    ['text/json'],
  ])('a content type %s is 415', async (type) => {
    const response = await postText(startFakeApp(), JSON.stringify(goodQuestion), { 'content-type': type });
    expect((await problemOf(response)).status).toBe(415);
  });

  it.each([['application/json;charset=UTF-8'], ['APPLICATION/JSON']])('%s is read', async (type) => {
    const response = await postText(startFakeApp(), JSON.stringify(goodQuestion), { 'content-type': type });
    expect(response.status).toBe(201);
  });

  it.each(['gzip', 'br', 'identity, gzip'])('a body in %s is 415', async (encoding) => {
    const response = await postText(startFakeApp(), JSON.stringify(goodQuestion), {
      'content-encoding': encoding,
    });
    expect((await problemOf(response)).code).toBe('unsupported_media_type');
  });

  it('no body at all is 400, and no content type 415', async () => {
    const app = startFakeApp();
    const json = { 'content-type': 'application/json' };
    const response = await app.send(inferences, { method: 'POST', headers: json });
    expect((await problemOf(response)).errors).toEqual([{ pointer: '', message: 'is required' }]);
    const headers = { authorization: `Bearer ${testKeys.admin}` };
    const untyped = { method: 'POST', headers, body: new Uint8Array(Buffer.from('{}')) };
    expect((await app.sendRaw(inferences, untyped)).status).toBe(415);
  });

  it('bytes that are not UTF-8 are 400', async () => {
    const body = Buffer.concat([Buffer.from('{"prompt":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    const problem = await problemOf(await postText(startFakeApp(), new Uint8Array(body)));
    expect(problem.errors[0]?.message).toContain('UTF-8');
  });

  it('nesting is bounded before anything is parsed; brackets in strings do not count', async () => {
    const app = startFakeApp();
    const deep = '['.repeat(4_000_000);
    const startedAt = performance.now();
    const problem = await problemOf(await postText(app, deep));
    expect(problem.errors[0]?.message).toContain('deeper than 64');
    expect(performance.now() - startedAt).toBeLessThan(1000);
    const brackets = { ...goodQuestion, prompt: '[{"\\'.repeat(1000) };
    expect((await app.post(inferences, brackets)).status).toBe(201);
  });

  it.each([
    ['declared', { 'content-length': String(17 * 1024 * 1024) }, 10],
    ['counted', {}, 17],
    ['understated', { 'content-length': '10' }, 17],
  ])('a body above 16 MiB is 413, its size %s', async (_name, headers, mebibytes) => {
    const chunk = new Uint8Array(1024 * 1024).fill(0x20);
    let sent = 0;
    const body = new ReadableStream({
      pull: (controller) => {
        sent += 1;
        if (sent > mebibytes) controller.close();
        else controller.enqueue(chunk);
      },
    });
    const response = await postText(startFakeApp(), body, headers);
    expect((await problemOf(response)).code).toBe('payload_too_large');
  });

  it('a body of nearly 16 MiB in many pieces is read whole', async () => {
    const text = 'ä'.repeat(3_900_000);
    const bytes = Buffer.from(JSON.stringify({ ...goodQuestion, prompt: text }));
    let received: string | undefined;
    const app = startFakeApp({
      inferenceService: {
        run: async ({ prompt }) => {
          received = prompt;
          throw new AppError('input_too_long', 'too long');
        },
      },
    });
    let at = 0;
    const body = new ReadableStream({
      pull: (controller) => {
        if (at >= bytes.length) return controller.close();
        controller.enqueue(new Uint8Array(bytes.subarray(at, at + 65_535)));
        at += 65_535;
      },
    });
    expect((await postText(app, body)).status).toBe(400);
    expect(received).toBe(text);
  });

  it('is not read before its sender is known', async () => {
    const { sendRaw } = startFakeApp();
    const headers = { 'content-type': 'application/json' };
    const response = await sendRaw(inferences, { method: 'POST', body: '{{{', headers });
    expect(response.status).toBe(401);
  });
});

describe('queries and paths', () => {
  it.each([
    ['?limit=5&limit=6', '?limit'],
    ['?li%6Dit=5&limit=6', '?limit'],
    ['?colour=red', '?colour'],
    ['?headers=x', '?headers'],
    ['?limit=0', '?limit'],
    ['?limit=', '?limit'],
    ['?limit=1e9', '?limit'],
    ['?text=%ff', '?text'],
    ['?text=%zz', '?text'],
    ['?text=a%00b', '?text'],
    ['?from=yesterday', '?from'],
    ['?outcome=OK', '?outcome'],
    ['?batchId=1', '?batchId'],
    ['?metadata=nocolon', '?metadata'],
    ['?__proto__=1', '?__proto__'],
  ])('%s is 400 at %s', async (query, pointer) => {
    const problem = await problemOf(await startFakeApp().send(`${inferences}${query}`));
    expect(problem.status).toBe(400);
    expect(problem.errors.map((fault) => fault.pointer)).toContain(pointer);
  });

  it('hands filter and page over', async () => {
    const seen: unknown[] = [];
    const { send } = startFakeApp({
      inferenceService: {
        list: async (...given) => {
          seen.push(given);
          return { data: [], nextCursor: null };
        },
      },
    });
    await send(`${inferences}?provider=echo&text=a+b%26c&limit=7&cursor=abc`);
    await send(inferences);
    expect(seen).toEqual([
      [
        { provider: 'echo', text: 'a b&c' },
        { limit: 7, cursor: 'abc' },
      ],
      [{}, { limit: 50, cursor: undefined }],
    ]);
  });

  it.each(['abc', '..%2f..', '1', `${knownId}%00`, `${knownId}%2Fx`, "' or 1=1--"])(
    'an id %s is 400 at {id}',
    async (id) => {
      const problem = await problemOf(await startFakeApp().send(`${inferences}/${id}`));
      expect(problem.errors).toEqual([{ pointer: '{id}', message: 'Invalid UUID' }]);
    },
  );

  it('an unknown id is 404', async () => {
    const problem = await problemOf(await startFakeApp().send(`${inferences}/${unknownId}`));
    expect(problem.code).toBe('not_found');
  });
});

describe('methods and unknown paths', () => {
  it.each(['/api/v1/nothing', '/api', '/api/v2/inferences', '/nothing', `${inferences}/${knownId}/x`, '//x'])(
    '%s is a 404 problem, with a key or without',
    async (path) => {
      const app = startFakeApp();
      expect((await problemOf(await app.send(path))).code).toBe('not_found');
      expect((await problemOf(await app.sendRaw(path))).code).toBe('not_found');
    },
  );

  it.each(['/v1', '/v1/', '/v1/chat/completions', '/v1/nothing?x=1'])(
    '%s answers in the envelope of OpenAI',
    async (path) => {
      const response = await startFakeApp().send(path, { method: 'POST', body: '{}' });
      expect(response.status).toBe(404);
      expect(response.headers.get('content-type')).toBe('application/json');
      const body = await response.json();
      expect(Object.keys(body)).toEqual(['error']);
      expect(body.error).toEqual({
        message: expect.stringContaining('/v1'),
        type: 'invalid_request_error',
        param: null,
        code: 'unknown_url',
      });
    },
  );

  it.each([
    ['PUT', inferences, 'GET, HEAD, OPTIONS, POST'],
    ['DELETE', `${inferences}/${knownId}`, 'GET, HEAD, OPTIONS'],
    ['POST', '/api/health', 'GET, HEAD, OPTIONS'],
    ['GET', `/api/v1/keys/${knownId}/revoke`, 'OPTIONS, POST'],
    ['PATCH', '/api/v1/session', 'DELETE, GET, HEAD, OPTIONS, POST'],
  ])('%s %s is 405 with Allow', async (method, path, allowed) => {
    const response = await startFakeApp().send(path, { method });
    expect(response.headers.get('allow')?.split(', ').toSorted().join(', ')).toBe(allowed);
    expect((await problemOf(response)).code).toBe('method_not_allowed');
  });

  it('OPTIONS answers 204 with Allow and without permission for other origins', async () => {
    const headers = { origin: 'https://evil.test', 'access-control-request-method': 'POST' };
    const response = await startFakeApp().sendRaw(inferences, { method: 'OPTIONS', headers });
    expect(response.status).toBe(204);
    expect(response.headers.get('allow')).toBe('POST, GET, HEAD, OPTIONS');
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect((await startFakeApp().send('/api/nothing', { method: 'OPTIONS' })).status).toBe(404);
  });

  it.each([inferences, `${inferences}/${knownId}`, '/api/health', '/api/openapi.json', '/api/v1/session'])(
    'HEAD %s is GET without a body',
    async (path) => {
      const app = startFakeApp();
      const [head, get] = [await app.send(path, { method: 'HEAD' }), await app.send(path)];
      expect(head.status).toBe(200);
      expect(await head.text()).toBe('');
      const names = (response: Response) => [...response.headers.keys()];
      expect(names(head)).toEqual(names(get));
    },
  );

  it('HEAD asks for a key like GET', async () => {
    expect((await startFakeApp().sendRaw(inferences, { method: 'HEAD' })).status).toBe(401);
  });

  it('trailing slashes make no difference', async () => {
    const app = startFakeApp();
    for (const path of [inferences, `${inferences}/${knownId}`, '/api/health', '/api/docs']) {
      expect([path, (await app.send(`${path}/`)).status]).toEqual([path, 200]);
    }
    expect((await app.sendRaw(`${inferences}/`)).status).toBe(401);
    expect((await app.post(`${inferences}/`, goodQuestion)).status).toBe(201);
  });
});
