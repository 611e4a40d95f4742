import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CreateInference } from '../../../src/contract/inference.ts';
import type { InferenceStart } from '../../../src/contract/inference-event.ts';
import { chatChunk, errorAnswer, sse } from '../../support/fake-vendor-answers.ts';
import { openService } from '../support/open-service.ts';
import { refusalOf } from '../support/set-up-service.ts';

const said = (text: string) => sse(chatChunk({ content: text }));
const stop = [sse(chatChunk({}, 'stop')), sse('[DONE]')];

describe('a streamed inference', () => {
  let t: Awaited<ReturnType<typeof openService>>;
  beforeAll(async () => {
    t = await openService();
    // What a first call loads is no part of a deadline.
    await t.ask();
    t.fake.reset();
  });
  afterEach(() => t.fake.reset());
  afterAll(() => t.close());

  /** Begins one; `heard` grows while it comes. */
  const begin = (different: Record<string, unknown> = {}, idempotencyKey?: string) => {
    const body = { provider: 'openai', model: 'gpt-4o', prompt: 'What is two and two?', ...different };
    const started = Promise.withResolvers<InferenceStart>();
    const first = Promise.withResolvers<void>();
    const heard: string[] = [];
    const caller = { ...t.caller, ...(idempotencyKey && { idempotencyKey }) };
    const run = t.service.run(CreateInference.parse(body), caller, {
      onStart: started.resolve,
      onDelta: (text) => {
        heard.push(text);
        first.resolve();
      },
    });
    const ended = run.then(({ inference }) => inference);
    ended.catch(() => undefined);
    return { started: started.promise, first: first.promise, heard, run, ended };
  };
  const stream = async (different: Record<string, unknown> = {}) => {
    const streamed = begin(different);
    return { inference: await streamed.ended, heard: streamed.heard };
  };
  const until = async (isSo: () => boolean) => {
    for (const end = Date.now() + 5000; !isSo(); ) {
      if (Date.now() > end) throw new Error('it did not come about');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };

  it('is heard piece by piece, and recorded like any other with the time to its first token', async () => {
    t.fake.script({
      chunks: [said('Two and two '), said('is '), said('four.'), ...stop],
      chunkGapMs: 150,
    });
    const streamed = begin();
    const { inferenceId } = await streamed.started;
    expect((await t.read(inferenceId)).inference).toMatchObject({ status: 'sending', outcome: null });
    await streamed.first;
    expect(streamed.heard.join('')).not.toContain('four');
    const inference = await streamed.ended;
    expect(streamed.heard.join('')).toBe('Two and two is four.');
    expect(inference).toMatchObject({ id: inferenceId, outcome: 'ok', text: 'Two and two is four.' });
    const [attempt] = await t.expectRecorded(inference);
    const { firstTokenMs, latencyMs } = inference;
    expect(latencyMs).toBeGreaterThan(Number(firstTokenMs) + 60);
    expect(firstTokenMs).toBeGreaterThanOrEqual(Number(attempt?.firstTokenMs));
    expect(attempt?.firstTokenMs).not.toBeNull();
  });

  it('differs from a whole answer in nothing but how it came', async () => {
    const whole = await t.ask();
    const { inference, heard } = await stream();
    const { id: _, createdAt: _c, settledAt: _s, latencyMs: _l, firstTokenMs, ...rest } = inference;
    expect(whole).toMatchObject({ ...rest, traceUrl: null });
    expect(whole.firstTokenMs).toBeNull();
    expect(firstTokenMs).not.toBeNull();
    expect(heard.length).toBeGreaterThan(1);
    expect(inference.usage).toMatchObject({ inputTokens: 11, outputTokens: 7, estimated: false });
    expect(t.fake.requests[1]?.body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  });

  it('is heard in text that the database can hold, also where a piece ends within a code point', async () => {
    const told = ['a\u0000b', '\ud83d', '\ude00 and \ud83d\ude00', ' half \ud83d', '!\ud83d'];
    t.fake.script({ chunks: [...told.map(said), ...stop] });
    const { inference, heard } = await stream();
    expect(heard).toEqual(['a\ufffdb', '😀 and 😀', ' half ', '\ufffd!', '\ufffd']);
    expect(heard.join('')).toBe(inference.text);
  });

  it('is counted here where the provider reports no usage', async () => {
    t.fake.script({ chunks: [said('Two and two is four.'), ...stop] });
    const { inference } = await stream();
    expect(inference).toMatchObject({ outcome: 'ok', usage: { outputTokens: 6, estimated: true } });
    expect(Number(inference.costUsd)).toBeGreaterThan(0);
    await t.expectRecorded(inference);
  });

  it('keeps what had arrived of a stream that was cut, with what that is worth, and does not ask again', async () => {
    const begun = sse(chatChunk({ content: 'Two and ' }, null, { model: 'gpt-4o' }));
    t.fake.script({ chunks: [begun, said('two')], chunkGapMs: 20, ends: 'reset' });
    // A deployment's name has no price: only the model that had begun to answer does.
    const { inference, heard } = await stream({ model: 'my-deployment' });
    expect(heard).toEqual(['Two and ', 'two']);
    expect(inference).toMatchObject({
      outcome: 'truncated',
      detail: 'stream_cut',
      servedModel: 'gpt-4o',
      text: 'Two and two',
      usage: { outputTokens: 3, estimated: true },
      error: { code: 'stream_cut' },
      attemptCount: 1,
    });
    expect(Number(inference.costUsd)).toBeGreaterThan(0);
    expect(inference.priceId).not.toBeNull();
    await t.expectRecorded(inference);
    expect(t.fake.requests).toHaveLength(1);
  });

  it('is asked again as long as nothing was heard', async () => {
    t.fake.script(
      errorAnswer(429, { message: 'slow down' }, { 'retry-after-ms': '20' }),
      { chunks: [sse(chatChunk({ role: 'assistant', content: '' }))], ends: 'reset' },
      { chunks: [said('Four.'), ...stop] },
    );
    const { inference, heard } = await stream();
    expect(heard).toEqual(['Four.']);
    expect(inference).toMatchObject({ outcome: 'ok', text: 'Four.', attemptCount: 3 });
    const attempts = await t.expectRecorded(inference);
    expect(attempts.map(({ firstTokenMs }) => firstTokenMs === null)).toEqual([true, true, false]);
    expect(inference.firstTokenMs).toBeGreaterThanOrEqual(20);
  });

  it('that is refused by the provider is a recorded failure', async () => {
    t.fake.respondWith(errorAnswer(400, { message: 'no such thing', code: 'invalid_value' }));
    const { inference, heard } = await stream();
    expect(heard).toEqual([]);
    expect(inference).toMatchObject({ outcome: 'provider_error', costUsd: '0', firstTokenMs: null });
    await t.expectRecorded(inference);
  });

  it('ends at its deadline with what had arrived', async () => {
    t.fake.script({ chunks: [said('Two '), said('and ')], ends: 'never' });
    const startedAt = performance.now();
    const { inference } = await stream({ deadlineMs: 300 });
    expect(performance.now() - startedAt).toBeLessThan(1500);
    expect(inference).toMatchObject({ outcome: 'timeout', detail: 'deadline', text: 'Two and ' });
    await t.expectRecorded(inference);
    await until(() => t.fake.requests[0]?.clientLeft === true);
  });

  it('is stopped on request, keeps what had arrived, and its provider sees the client leave', async () => {
    t.fake.script({ chunks: [said('Two '), said('and ')], ends: 'never' });
    const streamed = begin();
    const { inferenceId } = await streamed.started;
    await streamed.first;
    const cancelled = await t.service.cancel(inferenceId);
    expect(cancelled).toMatchObject({ accepted: true, inference: { status: 'sending' } });
    const inference = await streamed.ended;
    expect(inference).toMatchObject({
      outcome: 'cancelled',
      detail: 'cancelled',
      text: 'Two and ',
      usage: { estimated: true },
      error: { code: 'cancelled', retryable: false },
      cancelRequestedAt: cancelled.inference.cancelRequestedAt,
    });
    await t.expectRecorded(inference);
    await until(() => t.fake.requests[0]?.clientLeft === true);
    expect(await t.service.cancel(inferenceId)).toEqual({ accepted: false, inference });
  });

  it('is stopped while it waits for its next attempt', async () => {
    t.fake.respondWith(errorAnswer(429, { message: 'slow down' }, { 'retry-after': '10' }));
    const streamed = begin();
    const { inferenceId } = await streamed.started;
    await until(() => t.fake.requests.length === 1);
    await t.service.cancel(inferenceId);
    const inference = await streamed.ended;
    expect(inference).toMatchObject({ outcome: 'cancelled', attemptCount: 1, costUsd: '0' });
    const attempts = await t.expectRecorded(inference);
    expect(attempts[0]).toMatchObject({ outcome: 'provider_error', httpStatus: 429 });
  });

  it('cannot be stopped when it is not streamed, unless it has ended; or is unknown', async () => {
    t.fake.script({ latencyMs: 300, body: {} });
    const whole = t.ask({ maxAttempts: 1 });
    await until(() => t.fake.requests.length === 1);
    const { data } = await t.service.list({ status: 'sending' }, { limit: 1 });
    const id = data[0]?.id ?? '';
    expect(await refusalOf(t.service.cancel(id))).toMatchObject({ code: 'conflict' });
    await whole;
    expect(await t.service.cancel(id)).toMatchObject({ accepted: false, inference: { status: 'settled' } });
    const unknown = t.service.cancel('0198c0de-0000-7000-8000-0000000000ff');
    expect(await refusalOf(unknown)).toMatchObject({ code: 'not_found' });
  });

  it('is sent once for an Idempotency-Key, and its answer replayed without being heard', async () => {
    t.fake.script({ chunks: [said('Four.'), ...stop], chunkGapMs: 150 });
    const first = begin({}, 'key-of-a-stream');
    await first.started;
    const inProgress = begin({}, 'key-of-a-stream');
    expect(await refusalOf(inProgress.run)).toMatchObject({ code: 'idempotency_in_progress' });
    const { inference } = await first.run;
    const again = begin({}, 'key-of-a-stream');
    expect(await again.run).toEqual({ inference, replayed: true, shared: false });
    expect(again.heard).toEqual([]);
    expect(t.fake.requests).toHaveLength(1);
  });

  it('comes word by word from echo', async () => {
    const { inference, heard } = await stream({ provider: 'echo', model: 'echo-1' });
    expect(heard.length).toBe(inference.usage?.outputTokens);
    expect(heard.join('')).toBe(inference.text);
    await t.expectRecorded(inference);
  });

  it('leaves nothing behind, also when a hundred run at once', async () => {
    // Those of the connection pools come and go with a first use.
    await Promise.all(Array.from({ length: 100 }, () => stream()));
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    const all = await Promise.all(
      Array.from({ length: 100 }, (_, index) => stream({ prompt: `question ${index}` })),
    );
    expect(all.every(({ inference, heard }) => heard.join('') === inference.text)).toBe(true);
    expect(new Set(all.map(({ inference }) => inference.text)).size).toBe(100);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(timers()).toBeLessThanOrEqual(before);
  });
});
