import { describe, expect, it } from '@jest/globals';
import { AppError } from '../../src/errors.ts';
import { goodQuestion, startFakeApp, testKeys } from '../support/fake-services.ts';
import { readProblem } from '../support/read-problem.ts';

const inferences = '/api/v1/inferences';
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
    const problem = await readProblem(await postText(startFakeApp(), text));
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
    const problem = await readProblem(response);
    expect(problem.errors.map(({ pointer }) => pointer).toSorted()).toEqual([
      '/Headers',
      '/messages/1/content',
      '/messages/1/role',
      '/metadata/a~1b~0c',
      '/parameters/temperature',
    ]);
    const metadata = problem.errors.find(({ pointer }) => pointer === '/metadata/a~1b~0c');
    expect(metadata?.message).toBe('must be text, a number, true, false or null');
  });

  it.each([
    ['text/plain'],
    ['application/x-www-form-urlencoded'],
    ['application/json; charset=utf-16'],
    ['application/jsonp'],
    ['text/json'],
  ])('a content type %s is 415', async (type) => {
    const response = await postText(startFakeApp(), JSON.stringify(goodQuestion), { 'content-type': type });
    expect((await readProblem(response)).status).toBe(415);
  });

  it.each([['application/json;charset=UTF-8'], ['APPLICATION/JSON']])('%s is read', async (type) => {
    const response = await postText(startFakeApp(), JSON.stringify(goodQuestion), { 'content-type': type });
    expect(response.status).toBe(201);
  });

  it.each(['gzip', 'br', 'identity, gzip'])('a body in %s is 415', async (encoding) => {
    const response = await postText(startFakeApp(), JSON.stringify(goodQuestion), {
      'content-encoding': encoding,
    });
    expect((await readProblem(response)).code).toBe('unsupported_media_type');
  });

  it('no body at all is 400, and no content type 415', async () => {
    const app = startFakeApp();
    const json = { 'content-type': 'application/json' };
    const response = await app.send(inferences, { method: 'POST', headers: json });
    expect((await readProblem(response)).errors).toEqual([{ pointer: '', message: 'is missing' }]);
    const headers = { authorization: `Bearer ${testKeys.admin}` };
    const untyped = { method: 'POST', headers, body: new Uint8Array(Buffer.from('{}')) };
    expect((await app.sendRaw(inferences, untyped)).status).toBe(415);
  });

  it('bytes that are not UTF-8 are 400', async () => {
    const body = Buffer.concat([Buffer.from('{"prompt":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    const problem = await readProblem(await postText(startFakeApp(), new Uint8Array(body)));
    expect(problem.errors[0]?.message).toContain('UTF-8');
  });

  it('nesting is bounded before anything is parsed; brackets in strings do not count', async () => {
    const app = startFakeApp();
    const deep = '['.repeat(4_000_000);
    const startedAt = performance.now();
    const problem = await readProblem(await postText(app, deep));
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
    expect((await readProblem(response)).code).toBe('payload_too_large');
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
