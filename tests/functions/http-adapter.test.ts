import { HttpRequest } from '@azure/functions';
import { describe, expect, it } from '@jest/globals';
import { Problem } from '../../src/contract/problem.ts';
import { createHttpAdapter, type HttpAdapterOptions } from '../../src/functions/http-adapter.ts';
import type { Logger } from '../../src/telemetry/logger.ts';

const collectLog = () => {
  const lines: { message: string; fields: unknown }[] = [];
  const add = (message: string, fields?: unknown) => void lines.push({ message, fields });
  const logger: Logger = { debug: add, info: add, warn: add, error: add, within: (_fields, work) => work() };
  return { lines, logger };
};

const request = (
  path = '/api/x',
  init: { method?: string; body?: string; params?: Record<string, string> } = {},
) =>
  new HttpRequest({
    url: `http://localhost${path}`,
    method: init.method ?? 'GET',
    headers: { 'x-a': '1' },
    ...(init.body === undefined ? {} : { body: { string: init.body } }),
    params: init.params ?? {},
  });

const run = (
  handle: HttpAdapterOptions['handle'],
  input = request(),
  options: Partial<HttpAdapterOptions> = {},
) => createHttpAdapter({ handle, logger: collectLog().logger, ...options })(input);

const text = async (body: unknown) => new Response(body as BodyInit | null | undefined).text();
const problem = async (answer: { body?: unknown }) => JSON.parse(await text(answer.body));

describe('createHttpAdapter', () => {
  it('hands over method, URL, headers and body', async () => {
    const answer = await run(
      async (standard) => {
        expect(standard).toBeInstanceOf(Request);
        return Response.json({
          method: standard.method,
          url: standard.url,
          header: standard.headers.get('x-a'),
          body: await standard.text(),
        });
      },
      request('/api/x?b=%2F', { method: 'POST', body: 'text' }),
    );
    expect(answer.status).toBe(200);
    expect(await problem(answer)).toEqual({
      method: 'POST',
      url: 'http://localhost/api/x?b=%2F',
      header: '1',
      body: 'text',
    });
  });

  it.each<[string, unknown]>([
    ['a throw', null],
    ['undefined', undefined],
    ['a string', 'text'],
    ['Response.error()', Response.error()],
    [
      'a body that was read',
      Object.assign(new Response('{}', { headers: { 'content-type': 'application/json' } })),
    ],
  ])('always answers: %s', async (name, result) => {
    if (result instanceof Response && result.status === 200) await result.text();
    const answer = await run(async () => {
      if (name === 'a throw') throw new Error('secret sk-123');
      return result as Response;
    });
    expect(answer.status).toBe(500);
    expect(new Headers(answer.headers as Record<string, string>).get('content-type')).toBe(
      'application/problem+json',
    );
    const body = await problem(answer);
    expect(body).toMatchObject({ status: 500, code: 'internal', retryable: true, errors: [] });
    expect(JSON.stringify(body)).not.toContain('sk-123');
  });

  it('answers a handler that throws synchronously', async () => {
    const answer = await run(() => {
      throw new Error('at once');
    });
    expect(answer.status).toBe(500);
  });

  it('answers 504 when the handler never does', async () => {
    const answer = await run(() => new Promise(() => undefined), request(), { answerWithinMs: 20 });
    expect(answer.status).toBe(504);
  });

  it('speaks OpenAI’s error envelope under /v1', async () => {
    const answer = await run(async () => {
      throw new Error('broken');
    }, request('/v1/chat/completions'));
    expect(await problem(answer)).toEqual({
      error: { message: expect.any(String), type: 'server_error', param: null, code: 'internal' },
    });
  });

  it.each(['?headers=x', '?a=1&Headers={}', '?HEADERS', '?%68eaders=1', '?a&hea%64ers=x'])(
    'refuses %s',
    async (query) => {
      let called = false;
      const answer = await run(
        async () => {
          called = true;
          return new Response('in');
        },
        request(`/api/x${query}`),
      );
      expect([answer.status, called]).toEqual([400, false]);
      expect(await problem(answer)).toMatchObject({
        code: 'invalid_request',
        errors: [{ pointer: '?headers' }],
      });
    },
  );

  it.each(['?header=x', '?a=headers', '?x-headers=1', '?a=%20headers'])('lets %s pass', async (query) => {
    expect((await run(async () => new Response('in'), request(`/api/x${query}`))).status).toBe(200);
  });

  it('hands cookies over one by one and not as a header', async () => {
    const headers = new Headers({ 'x-b': '2' });
    headers.append('set-cookie', 'a=1; HttpOnly');
    headers.append('set-cookie', 'b=2; Path=/');
    const answer = await run(async () => new Response(null, { headers }));
    expect(answer.headers).toEqual({ 'x-b': '2' });
    expect(answer.cookies).toEqual([
      { name: 'a', value: '1', httpOnly: true },
      { name: 'b', value: '2', path: '/' },
    ]);
  });

  it('leaves out a header that Node would refuse, and logs it', async () => {
    const { lines, logger } = collectLog();
    const answer = await run(
      async () => new Response('x', { headers: { bad: 'a\u0001', good: 'é' } }),
      request(),
      { logger },
    );
    expect(answer.headers).toMatchObject({ good: 'é' });
    expect(answer.headers).not.toHaveProperty('bad');
    expect(lines.map(({ message }) => message)).toEqual(['answer header left out: not valid in HTTP']);
  });

  it('sends no body for HEAD and ends the one that was made', async () => {
    let cancelled = false;
    const body = new ReadableStream({
      cancel() {
        cancelled = true;
      },
    });
    const answer = await run(
      async () => new Response(body, { headers: { 'content-length': '5' } }),
      request('/', { method: 'HEAD' }),
    );
    expect(answer.body).toBeUndefined();
    expect(answer.headers).toEqual({ 'content-length': '5' });
    expect(cancelled).toBe(true);
  });

  const failing = (contentType: string) => async () =>
    new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('first'));
        },
        pull() {
          throw new Error('secret reason');
        },
      }),
      { headers: { 'content-type': contentType } },
    );

  it('ends a failing stream in-band where the type has room for it', async () => {
    const events = await text((await run(failing('text/event-stream; charset=utf-8'))).body);
    expect(events).toMatch(/^first\n\nevent: error\ndata: .*\n\n$/);
    const told = JSON.parse(events.split('data: ')[1] ?? '');
    expect(Problem.parse(told)).toMatchObject({ code: 'internal', status: 500, retryable: true });
    const openAi = await text(
      (await run(failing('text/event-stream'), request('/v1/chat/completions'))).body,
    );
    expect(openAi).toMatch(/^first\n\nevent: error\ndata: \{"error":\{.*\}\}\n\n$/);
    const lines = await text((await run(failing('application/x-ndjson'))).body);
    expect(JSON.parse(lines.split('\n')[1] ?? '')).toHaveProperty('error.message');
    expect(events + lines).not.toContain('secret');
    await expect(
      (async () => text((await run(failing('application/octet-stream'))).body))(),
    ).rejects.toThrow();
  });

  it('turns a document that cannot be read into a 500', async () => {
    expect((await run(failing('application/json'))).status).toBe(500);
  });

  it('ends a stream that takes too long, and its source', async () => {
    let cancelled = false;
    const endless = async () =>
      new Response(
        new ReadableStream({
          cancel() {
            cancelled = true;
          },
        }),
        { headers: { 'content-type': 'text/event-stream' } },
      );
    const answer = await run(endless, request(), { streamWithinMs: 20 });
    expect(await text(answer.body)).toContain('took too long');
    expect(cancelled).toBe(true);
  });
});
