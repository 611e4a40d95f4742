import { describe, expect, it } from '@jest/globals';
import { goodQuestion, knownId, startFakeApp, unknownId } from '../support/fake-services.ts';
import { readProblem } from '../support/read-problem.ts';

const inferences = '/api/v1/inferences';

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
    const problem = await readProblem(await startFakeApp().send(`${inferences}${query}`));
    expect(problem.status).toBe(400);
    expect(problem.errors.map((fault) => fault.pointer)).toContain(pointer);
  });

  it('says once how a time is written', async () => {
    for (const from of ['yesterday', '2026-11-01', '2026-11-01T00:00:00']) {
      const problem = await readProblem(await startFakeApp().send(`${inferences}?from=${from}`));
      expect(problem.errors).toEqual([
        { pointer: '?from', message: 'write it as 2030-01-31T12:00:00Z, or with an offset' },
      ]);
    }
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
      const problem = await readProblem(await startFakeApp().send(`${inferences}/${id}`));
      expect(problem.errors).toEqual([{ pointer: '{id}', message: 'is no UUID' }]);
    },
  );

  it('an unknown id is 404', async () => {
    const problem = await readProblem(await startFakeApp().send(`${inferences}/${unknownId}`));
    expect(problem.code).toBe('not_found');
  });
});

describe('methods and unknown paths', () => {
  it.each(['/api/v1/nothing', '/api', '/api/v2/inferences', '/nothing', `${inferences}/${knownId}/x`, '//x'])(
    '%s is a 404 problem, with a key or without',
    async (path) => {
      const app = startFakeApp();
      expect((await readProblem(await app.send(path))).code).toBe('not_found');
      expect((await readProblem(await app.sendRaw(path))).code).toBe('not_found');
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
    expect((await readProblem(response)).code).toBe('method_not_allowed');
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
