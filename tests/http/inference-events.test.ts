import { describe, expect, it } from '@jest/globals';
import { createParser } from 'eventsource-parser';
import type { Inference } from '../../src/contract/inference.ts';
import { inferenceEvents } from '../../src/contract/inference-event.ts';
import { AppError } from '../../src/errors.ts';
import type {
  InferenceListener,
  InferenceRun,
  InferenceService,
} from '../../src/services/inferences/inference-service.ts';
import {
  exampleInference,
  goodQuestion,
  knownId,
  startFakeApp,
  testKeys,
  unknownId,
} from '../support/fake-services.ts';
import { readProblem } from '../support/read-problem.ts';

const path = '/api/v1/inferences';
const events = { accept: 'text/event-stream' };
const { attempts: _attempts, rawAnswer: _rawAnswer, ...recorded } = exampleInference;
const start = { inferenceId: knownId, provider: 'echo', model: 'echo-1' };
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** An app whose inferences go as told. */
const appOf = (run: InferenceService['run'], heartbeatMs?: number) =>
  startFakeApp({ inferenceService: { run } }, heartbeatMs === undefined ? {} : { heartbeatMs });
const endOf = (different: Partial<Inference> = {}): InferenceRun => ({
  inference: { ...recorded, ...different },
  replayed: false,
  shared: false,
});
const ordinary = async (_request: unknown, _caller: unknown, listener?: InferenceListener) => {
  listener?.onStart(start);
  listener?.onDelta('hel');
  listener?.onDelta('lo\n\nyou');
  return endOf();
};
/** Every event, checked against the contract. */
const read = (text: string) => {
  const seen: { id: string | undefined; type: string; data: unknown }[] = [];
  const parser = createParser({
    onEvent: ({ id, event = '', data }) => {
      const schema = inferenceEvents[event as keyof typeof inferenceEvents];
      seen.push({ id, type: event, data: schema.parse(JSON.parse(data)) });
    },
  });
  parser.feed(text);
  return seen;
};

describe('a streamed inference over HTTP', () => {
  it('is start, deltas and the whole record as the last event, with ids in order', async () => {
    const response = await appOf(ordinary).post(path, goodQuestion, events);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'x-sq-inference-id': knownId,
      location: `${path}/${knownId}`,
      'cache-control': 'no-store',
    });
    expect(response.headers.has('idempotent-replayed')).toBe(false);
    expect(read(await response.text())).toEqual([
      { id: '1', type: 'start', data: start },
      { id: '2', type: 'delta', data: { text: 'hel' } },
      { id: '3', type: 'delta', data: { text: 'lo\n\nyou' } },
      { id: '4', type: 'end', data: recorded },
    ]);
  });

  it.each([
    ['application/json', 201],
    ['*/*', 201],
    ['application/json, text/event-stream', 201],
    ['text/event-stream;q=0', 201],
    ['text/event-stream, application/json', 200],
    ['application/json;q=0.5, TEXT/EVENT-STREAM', 200],
  ])('answers Accept: %s with %i', async (accept, status) => {
    const response = await appOf(ordinary).post(path, goodQuestion, { accept });
    expect(response.status).toBe(status);
    await response.text();
  });

  it('tells a failure in-band, before the record that says what came of it', async () => {
    const failed = {
      outcome: 'truncated' as const,
      error: { code: 'stream_cut', message: 'it broke off', retryable: true },
    };
    const app = appOf(async (_request, _caller, listener) => {
      listener?.onStart(start);
      listener?.onDelta('hel');
      return endOf(failed);
    });
    const seen = read(await (await app.post(path, goodQuestion, events)).text());
    expect(seen.map(({ type }) => type)).toEqual(['start', 'delta', 'error', 'end']);
    expect(seen[2]?.data).toMatchObject({
      code: 'stream_cut',
      status: 502,
      detail: 'it broke off',
      retryable: true,
    });
    expect(seen[3]?.data).toMatchObject(failed);
  });

  it.each([
    ['timeout', 504],
    ['cancelled', 409],
    ['rate_limited', 502],
  ])('gives a recorded %s the status %i', async (code, status) => {
    const error = { code, message: 'so it was', retryable: false };
    const app = appOf(async (_request, _caller, listener) => {
      listener?.onStart(start);
      return endOf({ outcome: 'provider_error', error });
    });
    const seen = read(await (await app.post(path, goodQuestion, events)).text());
    expect(seen[1]).toMatchObject({ type: 'error', data: { code, status } });
  });

  it('ends with a problem where the end could not be recorded, and tells the log', async () => {
    const app = appOf(async (_request, _caller, listener) => {
      listener?.onStart(start);
      await pause(5);
      throw new AppError('database_unavailable', 'away', { retryable: true });
    });
    const seen = read(await (await app.post(path, goodQuestion, events)).text());
    expect(seen.map(({ type }) => type)).toEqual(['start', 'error']);
    expect(seen[1]?.data).toMatchObject({ code: 'database_unavailable', status: 503, retryable: true });
    expect(app.lines.some(({ message }) => message === 'streamed inference could not be recorded')).toBe(
      true,
    );
  });

  it('is an ordinary problem as long as it has not begun', async () => {
    const refuse = (error: AppError) => appOf(async () => Promise.reject(error));
    const limited = new AppError('rate_limited', 'later', { retryable: true, retryAfterMs: 2000 });
    const problem = await readProblem(await refuse(limited).post(path, goodQuestion, events));
    expect(problem).toMatchObject({ status: 429, code: 'rate_limited' });
    const invalid = await appOf(ordinary).post(path, { ...goodQuestion, prompt: 7 }, events);
    expect(await readProblem(invalid)).toMatchObject({ status: 400, code: 'invalid_request' });
    const unknown = { ...events, authorization: `Bearer ${testKeys.unknown}` };
    expect((await appOf(ordinary).post(path, goodQuestion, unknown)).status).toBe(401);
  });

  it('replays an earlier answer as one piece', async () => {
    const replay = appOf(async () => ({ ...endOf(), replayed: true }));
    const response = await replay.post(path, goodQuestion, { ...events, 'idempotency-key': 'once' });
    expect(response.headers.get('idempotent-replayed')).toBe('true');
    expect(response.headers.get('x-sq-inference-id')).toBe(knownId);
    expect(read(await response.text())).toEqual([
      { id: '1', type: 'start', data: start },
      { id: '2', type: 'delta', data: { text: 'hello' } },
      { id: '3', type: 'end', data: recorded },
    ]);
  });

  it('shows signs of life in a long silence', async () => {
    const app = appOf(async (_request, _caller, listener) => {
      listener?.onStart(start);
      await pause(150);
      return endOf();
    }, 30);
    const text = await (await app.post(path, goodQuestion, events)).text();
    expect(text.split(': still here\n\n').length).toBeGreaterThan(2);
    expect(read(text).map(({ type }) => type)).toEqual(['start', 'end']);
  });

  it('goes on when its caller leaves', async () => {
    const ended = Promise.withResolvers<string>();
    const app = appOf(async (_request, _caller, listener) => {
      listener?.onStart(start);
      await pause(50);
      listener?.onDelta('nobody hears this');
      ended.resolve('to its end');
      return endOf();
    }, 10);
    const { body } = await app.post(path, goodQuestion, events);
    await body?.cancel();
    expect(await ended.promise).toBe('to its end');
    await pause(30);
    expect(app.lines.filter(({ level }) => Number(level) >= 40)).toEqual([]);
  });
});

describe('stopping an inference', () => {
  const cancel = (accepted: boolean) =>
    startFakeApp({ inferenceService: { cancel: async () => ({ inference: recorded, accepted }) } });
  const send = (app: ReturnType<typeof cancel>, id = knownId, headers = {}) =>
    app.send(`${path}/${id}/cancel`, { method: 'POST', headers });

  it('answers 202 with where the record is, and 200 when it had ended', async () => {
    const accepted = await send(cancel(true));
    expect([accepted.status, accepted.headers.get('location')]).toEqual([202, `${path}/${knownId}`]);
    expect(await accepted.json()).toEqual(recorded);
    const ended = await send(cancel(false));
    expect([ended.status, await ended.json()]).toEqual([200, recorded]);
  });

  it('needs the right to ask, and an inference that there is', async () => {
    const reader = { authorization: `Bearer ${testKeys['study:read']}` };
    expect((await send(cancel(true), knownId, reader)).status).toBe(403);
    expect((await send(startFakeApp(), unknownId)).status).toBe(404);
    expect((await send(startFakeApp(), 'no-id')).status).toBe(400);
  });
});
