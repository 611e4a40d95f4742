import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createProviders } from '../../src/providers/create-providers.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { type FakeAnswer, type FakeProvider, startFakeProvider } from '../support/fake-provider.ts';
import { chatChunk, errorAnswer, sse } from '../support/fake-vendor-answers.ts';
import { ask, collect, failureOf, testKey } from './provider-suite.ts';

const piece = (content: string, finishReason: string | null = null) =>
  sse(chatChunk({ content }, finishReason));

/** Both ways to the wire: each has its own way of telling that a connection broke. */
const fetches: [string, typeof globalThis.fetch | undefined][] = [
  ['the lean fetch', undefined],
  ["Node's fetch", globalThis.fetch],
];

describe.each(fetches)('streams over %s', (_, fetch) => {
  let fake: FakeProvider;
  let provider: Provider;
  beforeAll(async () => {
    fake = await startFakeProvider();
    const options = {
      kind: 'openai',
      name: 'openai',
      baseUrl: fake.baseUrls.openai,
      key: () => testKey,
    } as const;
    const made = createProviders([options], fetch).get('openai');
    if (!made) throw new Error('no provider');
    provider = made;
  });
  beforeEach(() => fake.reset());
  afterAll(() => fake.close());

  const failing = (answer: FakeAnswer, timeoutMs = 5000) => {
    fake.script(answer);
    return failureOf(collect(provider.stream(ask('gpt-4o', { timeoutMs }))));
  };

  const cuts: [string, FakeAnswer][] = [
    ['ended politely', { chunks: [piece('Half an '), piece('ans')] }],
    ['ended with [DONE] but no finish reason', { chunks: [piece('Half an '), piece('ans'), sse('[DONE]')] }],
    ['reset', { chunks: [piece('Half an '), piece('ans')], ends: 'reset' }],
    ['cut within an event', { chunks: [piece('Half an '), piece('ans'), 'data: {"choi'], ends: 'reset' }],
  ];
  it.each(cuts)('a stream %s is cut: retryable, with what had arrived', async (_, answer) => {
    const error = await failing({ ...answer, headers: { 'x-request-id': 'req-9' } });
    expect(error).toMatchObject({
      kind: 'stream_cut',
      retryable: true,
      partialText: 'Half an ans',
      servedModel: 'fake-model-2026-01-01',
      providerRequestId: 'req-9',
    });
  });

  it('a stream without any event is cut too', async () => {
    expect(await failing({ chunks: [] })).toMatchObject({ kind: 'stream_cut', partialText: '' });
  });

  it.each([
    ['polite end', 'whole' as const],
    ['reset', 'reset' as const],
  ])('an answer whose finish reason came is whole, whatever follows (%s)', async (_, ends) => {
    fake.script({ chunks: [piece('All of it'), piece('', 'stop')], ends });
    const end = (await collect(provider.stream(ask('gpt-4o')))).at(-1);
    expect(end).toMatchObject({ type: 'end', answer: { text: 'All of it', usage: { outputTokens: null } } });
  });

  const errors: [string, Record<string, unknown>, string, boolean][] = [
    ['server error', { message: 'The server had an error', type: 'server_error' }, 'server_error', true],
    ['rate limit', { message: 'Rate limit reached', code: 'rate_limit_exceeded' }, 'rate_limited', true],
    ['filter', { message: 'filtered', code: 'content_filter' }, 'content_filter', false],
    ['something unknown', { message: `odd ${testKey}` }, 'server_error', true],
  ];
  it.each(errors)('an error event (%s) ends in its own cause', async (_, error, kind, retryable) => {
    const failure = await failing({ chunks: [piece('Half'), sse({ error })] });
    expect(failure).toMatchObject({ kind, retryable, partialText: 'Half' });
    expect(`${failure.stack} ${JSON.stringify(failure)}`).not.toContain(testKey);
  });

  it('an event that is no JSON is a bad response', async () => {
    expect(await failing({ chunks: [piece('Half'), 'data: {oops\n\n'] })).toMatchObject({
      kind: 'bad_response',
      partialText: 'Half',
    });
  });

  it('a refusal before the first event is an ordinary refusal', async () => {
    const error = await failing(errorAnswer(429, { message: 'later' }, { 'retry-after-ms': '1500' }));
    expect(error).toMatchObject({ kind: 'rate_limited', retryAfterMs: 1500, partialText: null });
  });

  it('a stream that stalls ends at the timeout with what had arrived', async () => {
    const error = await failing({ chunks: [piece('Half')], ends: 'never' }, 120);
    expect(error).toMatchObject({ kind: 'timeout', retryable: false, partialText: 'Half' });
  });

  it('a reader who leaves closes the connection to the vendor', async () => {
    fake.script({ chunks: [piece('one'), piece('two')], chunkGapMs: 5, ends: 'never' });
    for await (const event of provider.stream(ask('gpt-4o'))) {
      expect(event.type).toBe('delta');
      break;
    }
    for (let turn = 0; turn < 100 && !fake.requests[0]?.clientLeft; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(fake.requests[0]?.clientLeft).toBe(true);
  });
});
