import { describe, expect, it } from '@jest/globals';
import { AppError, type AppErrorCode } from '../../src/errors.ts';
import { problemKinds } from '../../src/http/problems.ts';
import type { InferenceCaller } from '../../src/services/inferences/inference-service.ts';
import {
  exampleInference,
  goodQuestion,
  knownId,
  sessionToken,
  startFakeApp,
  testKeys,
} from '../support/fake-services.ts';

const inferences = '/api/v1/inferences';
const failWith = (error: unknown) =>
  startFakeApp({
    inferenceService: {
      run: async () => {
        throw error;
      },
    },
  });

describe('POST /api/v1/inferences', () => {
  it('answers 201 with the record, its place and what it cost', async () => {
    const response = await startFakeApp().post(inferences, goodQuestion, { 'x-request-id': 'mine-1' });
    expect(response.status).toBe(201);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      location: `${inferences}/${knownId}`,
      'x-request-id': 'mine-1',
      'x-sq-inference-id': knownId,
      'x-sq-served-model': 'echo-1',
      'x-sq-attempts': '2',
      'x-sq-cost-usd': '0.000012',
      'x-sq-cache': 'off',
      'cache-control': 'no-store',
    });
    expect(response.headers.has('idempotent-replayed')).toBe(false);
    expect(await response.json()).toEqual(exampleInference);
  });

  it('hands over who asks, and the idempotency key', async () => {
    const callers: InferenceCaller[] = [];
    const { post } = startFakeApp({
      inferenceService: {
        run: async (_request, caller) => {
          callers.push(caller);
          return { inference: exampleInference, replayed: true, shared: false };
        },
      },
    });
    const response = await post(inferences, goodQuestion, { 'idempotency-key': 'k-1', 'x-request-id': 'r' });
    expect(response.headers.get('idempotent-replayed')).toBe('true');
    expect(callers).toEqual([
      { requestId: 'r', apiKeyId: knownId, callerId: knownId, idempotencyKey: 'k-1' },
    ]);
  });

  it.each(['', 'with space', 'ä', 'x'.repeat(256)])('refuses the Idempotency-Key "%s"', async (key) => {
    const response = await startFakeApp().post(inferences, goodQuestion, { 'idempotency-key': key });
    expect(response.status).toBe(400);
    expect((await response.json()).errors).toEqual([
      { pointer: 'Idempotency-Key:', message: '1 to 255 visible ASCII characters' },
    ]);
  });

  it('leaves out what is unknown, and keeps a vendor’s odd characters out of headers', async () => {
    const inference = { ...exampleInference, costUsd: null, servedModel: 'modèle\r\nx: y' };
    const { post } = startFakeApp({
      inferenceService: { run: async () => ({ inference, replayed: false, shared: false }) },
    });
    const response = await post(inferences, goodQuestion);
    expect(response.status).toBe(201);
    expect(response.headers.has('x-sq-cost-usd')).toBe(false);
    expect(response.headers.get('x-sq-served-model')).toBe('mod?le??x: y');
  });
});

describe('problems', () => {
  const codes = Object.keys(problemKinds) as AppErrorCode[];
  it.each(codes)('%s has its status, and goes through whole', async (code) => {
    const faults = [{ pointer: '/model', message: 'is odd' }];
    const error = new AppError(code, 'what is wrong', { faults, retryable: true });
    const response = await failWith(error).post(inferences, goodQuestion);
    expect(response.status).toBe(problemKinds[code].status);
    expect(await response.json()).toEqual({
      type: `urn:study-query-llm:problem:${code}`,
      title: problemKinds[code].title,
      status: problemKinds[code].status,
      detail: 'what is wrong',
      code,
      requestId: response.headers.get('x-request-id'),
      retryable: true,
      errors: faults,
    });
  });

  it.each([
    [1, '1', '1000'],
    [1000, '1', '1000'],
    [1001, '2', '1001'],
    [90_000, '90', '90000'],
    [null, '1', '1000'],
  ])('a wait of %s ms is Retry-After %s', async (retryAfterMs, seconds, milliseconds) => {
    const error = new AppError('database_unavailable', 'gone', {
      retryable: true,
      ...(retryAfterMs !== null && { retryAfterMs }),
    });
    const response = await failWith(error).post(inferences, goodQuestion);
    expect(response.headers.get('retry-after')).toBe(seconds);
    expect(response.headers.get('retry-after-ms')).toBe(milliseconds);
    expect(response.headers.get('x-should-retry')).toBe('true');
  });

  it('tells the openai client not to repeat a request that stays in conflict', async () => {
    const error = new AppError('idempotency_mismatch', 'another body');
    const response = await failWith(error).post(inferences, goodQuestion);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(response.headers.has('retry-after')).toBe(false);
  });

  it.each([
    ['an error', new Error(`secret detail ${testKeys.admin}`)],
    ['a text', 'just a text'],
    ['nothing', undefined],
  ])('%s thrown inside is a 500 without details, logged under the request id', async (_name, thrown) => {
    const app = failWith(thrown);
    const response = await app.post(inferences, goodQuestion);
    expect(response.status).toBe(500);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const problem = await response.json();
    expect(problem).toMatchObject({ code: 'internal', errors: [] });
    expect(JSON.stringify(problem)).not.toContain('secret detail');
    const logged = app.lines.find(({ level }) => level === 'error');
    expect(logged?.requestId).toBe(problem.requestId);
    expect(response.headers.get('x-request-id')).toBe(problem.requestId);
  });
});

describe('request ids and the log', () => {
  it.each(['abc-1', 'A_9=', 'x'.repeat(100)])('keeps %s', async (id) => {
    const response = await startFakeApp().send('/api/health', { headers: { 'x-request-id': id } });
    expect(response.headers.get('x-request-id')).toBe(id);
  });

  it.each(['x'.repeat(101), 'a b', 'a;b', '<script>', 'ä', ''])('replaces "%s" by a UUIDv7', async (id) => {
    const response = await startFakeApp().send('/api/health', { headers: { 'x-request-id': id } });
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/);
  });

  it('writes one line a request, with its id, and never a key, a body or a query', async () => {
    const app = startFakeApp();
    const secretText = 'a very private prompt';
    const responses = [
      await app.post(inferences, { ...goodQuestion, prompt: secretText }),
      await app.post(inferences, { ...goodQuestion, prompt: secretText, extra: 1 }),
      await app.post('/api/v1/session', { key: testKeys['study:read'] }),
      await app.post('/api/v1/keys', { owner: 'x', scopes: ['admin'] }),
      await app.send(`${inferences}?text=${encodeURIComponent(secretText)}`),
      await app.send(`/api/v1/${testKeys.admin}`),
      await app.sendRaw(inferences, { headers: { cookie: `sq_session=${sessionToken}` } }),
      await app.sendRaw(inferences),
    ];
    const requests = app.lines.filter(({ message }) => message === 'request');
    expect(requests.map(({ requestId }) => requestId)).toEqual(
      responses.map(({ headers }) => headers.get('x-request-id')),
    );
    expect(app.lines.every(({ requestId }) => typeof requestId === 'string')).toBe(true);
    expect(requests[0]).toMatchObject({
      method: 'POST',
      path: inferences,
      status: 201,
      ms: expect.any(Number),
      apiKeyId: knownId,
      owner: 'owner of admin',
    });
    const log = JSON.stringify(app.lines);
    for (const secret of [...Object.values(testKeys), sessionToken, secretText, 'a%20very']) {
      expect(log).not.toContain(secret);
    }
    const made = await responses[3]?.json();
    expect(log).not.toContain(made.key);
  });
});
