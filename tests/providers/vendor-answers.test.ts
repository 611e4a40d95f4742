import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createProviders } from '../../src/providers/create-providers.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { type FakeProvider, startFakeProvider } from '../support/fake-provider.ts';
import { ask, collect, failureOf, testKey } from './provider-suite.ts';

const fixture = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../fixtures/providers', name), 'utf8');

let fake: FakeProvider;
let provider: Provider;
beforeAll(async () => {
  fake = await startFakeProvider();
});
beforeEach(() => {
  fake.reset();
  const made = createProviders([
    { kind: 'openai', name: 'vendor', baseUrl: fake.baseUrls.openai, key: () => testKey },
  ]).get('vendor');
  if (!made) throw new Error('no provider');
  provider = made;
});
afterAll(() => fake.close());

const answerTo = (name: string, status = 200, headers: Record<string, string> = {}) => {
  fake.script({ status, headers, body: fixture(name) });
  return provider.complete(ask('some-model'));
};

describe('whole answers', () => {
  it('azure: typed filter results of prompt and completion', async () => {
    const answer = await answerTo('azure-chat.json', 200, { 'apim-request-id': 'apim-1' });
    expect(answer).toMatchObject({
      text: 'Hello!',
      servedModel: 'gpt-4o-2024-11-20',
      providerRequestId: 'apim-1',
      usage: { inputTokens: 10, cachedInputTokens: 0, outputTokens: 3, reasoningTokens: 0 },
    });
    expect(answer.contentFilter).toContainEqual({
      category: 'jailbreak',
      filtered: false,
      severity: null,
      source: 'prompt',
    });
    expect(answer.contentFilter).toContainEqual({
      category: 'violence',
      filtered: false,
      severity: 'low',
      source: 'completion',
    });
  });

  it('openai: a reasoning model that spent its budget keeps length and reasoning tokens', async () => {
    expect(await answerTo('openai-reasoning-exhausted.json')).toMatchObject({
      text: '',
      finishReason: 'length',
      usage: { outputTokens: 64, reasoningTokens: 64 },
    });
  });

  it('openai: a refusal is no text', async () => {
    expect(await answerTo('openai-refusal.json')).toMatchObject({
      text: '',
      refusal: "I'm sorry, I cannot assist with that request.",
      usage: { inputTokens: 81, cachedInputTokens: 64 },
    });
  });

  it('hyperbolic: <think> stays in the text, unsaid counts stay unknown', async () => {
    const answer = await answerTo('hyperbolic-think.json');
    expect(answer.text).toBe('<think>\nTwo and two.\n</think>\n\nFour.');
    expect(answer.usage).toEqual({
      inputTokens: 12,
      cachedInputTokens: null,
      outputTokens: 14,
      reasoningTokens: null,
    });
  });

  it('compatible: content in parts, a foreign finish reason, counts of 0 that mean nothing', async () => {
    expect(await answerTo('compatible-parts.json')).toMatchObject({
      text: 'Hello!',
      finishReason: 'stop',
      servedModel: null,
      usage: { inputTokens: null, outputTokens: null },
    });
  });
});

describe('refusals', () => {
  it('azure: a filtered prompt names its categories and is never retried', async () => {
    const error = await failureOf(answerTo('azure-content-filter-400.json', 400));
    expect(error).toMatchObject({ kind: 'content_filter', retryable: false, providerCode: 'content_filter' });
    expect(error.contentFilter).toContainEqual({
      category: 'violence',
      filtered: true,
      severity: 'medium',
      source: 'prompt',
    });
    expect(error.contentFilter).toContainEqual({
      category: 'jailbreak',
      filtered: true,
      severity: null,
      source: 'prompt',
    });
  });

  it.each([['azure-content-filter-bare-400.json'], ['gateway-content-filter-400.json']])(
    '%s: a filter without categories is still a filter',
    async (name) => {
      const error = await failureOf(answerTo(name, 400));
      expect(error).toMatchObject({ kind: 'content_filter', retryable: false, contentFilter: null });
      expect(fake.requests).toHaveLength(1);
    },
  );

  const refusals: [string, number, string, boolean][] = [
    ['azure-rate-limit-429.json', 429, 'rate_limited', true],
    ['azure-deployment-404.json', 404, 'model_not_found', false],
    ['openai-insufficient-quota-429.json', 429, 'out_of_credit', false],
    ['openai-context-length-400.json', 400, 'context_length', false],
    ['openai-invalid-key-401.json', 401, 'authentication', false],
    ['hyperbolic-credit-402.json', 402, 'out_of_credit', false],
  ];
  it.each(refusals)('%s (%i) is %s', async (name, status, kind, retryable) => {
    const error = await failureOf(answerTo(name, status));
    expect(error).toMatchObject({ kind, retryable, httpStatus: status });
    expect(JSON.stringify(error.raw)).toContain('message');
    expect(error.message).not.toMatch(/sk-test/);
  });

  it('keeps the wish to wait and the rate headers of a refusal', async () => {
    const headers = {
      'retry-after-ms': '86123',
      'retry-after': '87',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-limit-requests': '-1',
    };
    const error = await failureOf(answerTo('azure-rate-limit-429.json', 429, headers));
    expect(error.retryAfterMs).toBe(86_123);
    expect(error.rateLimit).toEqual({ 'x-ratelimit-remaining-tokens': '0' });
  });
});

describe('streams', () => {
  const streamed = async (name: string) => {
    // Cut at odd places: events don't arrive in one piece.
    const chunks = fixture(name).match(/[\s\S]{1,97}/g) ?? [];
    fake.script({ chunks });
    return collect(provider.stream(ask('some-model')));
  };

  it('openai: text, usage of the last chunk, logprobs put together', async () => {
    const events = await streamed('openai-stream.sse');
    expect(events.slice(0, 2)).toEqual([
      { type: 'delta', text: 'Hello' },
      { type: 'delta', text: '!' },
    ]);
    const end = events.at(-1);
    if (end?.type !== 'end') throw new Error('no end');
    expect(end.answer).toMatchObject({
      text: 'Hello!',
      finishReason: 'stop',
      systemFingerprint: 'fp_3407719c7f',
      usage: { inputTokens: 9, outputTokens: 2 },
    });
    const raw = end.answer.raw as { choices: { logprobs: { content: { token: string }[] } }[] };
    expect(raw.choices[0]?.logprobs.content.map(({ token }) => token)).toEqual(['Hello', '!']);
  });

  it('azure: a completion stopped by the filter ends the stream with its categories', async () => {
    const end = (await streamed('azure-filtered-stream.sse')).at(-1);
    if (end?.type !== 'end') throw new Error('no end');
    expect(end.answer).toMatchObject({ text: 'First he', finishReason: 'content_filter' });
    expect(end.answer.servedModel).toBe('gpt-4o-2024-11-20');
    expect(end.answer.contentFilter).toContainEqual({
      category: 'violence',
      filtered: true,
      severity: 'medium',
      source: 'completion',
    });
    expect(end.answer.usage.inputTokens).toBeNull();
  });
});
