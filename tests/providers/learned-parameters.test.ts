import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createProviders } from '../../src/providers/create-providers.ts';
import { familyTraits } from '../../src/providers/model-family.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { type FakeAnswer, type FakeProvider, startFakeProvider } from '../support/fake-provider.ts';
import { ask, collect, failureOf, testKey } from './provider-suite.ts';

const refusal = (name: string, status = 400): FakeAnswer => ({
  status,
  body: readFileSync(join(import.meta.dirname, '../fixtures/providers', name), 'utf8'),
});
const noMaxTokens = refusal('openai-unsupported-max-tokens-400.json');
const noTemperature = refusal('openai-unsupported-temperature-400.json');

let fake: FakeProvider;
let providers: ReadonlyMap<string, Provider>;
const provider = (name: string): Provider => {
  const found = providers.get(name);
  if (!found) throw new Error(`no ${name}`);
  return found;
};
const bodies = () => fake.requests.map(({ body }) => body as Record<string, unknown>);
const sampled = { maxOutputTokens: 50, temperature: 0.2, topP: 0.9, presencePenalty: 1, seed: 7 };

beforeAll(async () => {
  fake = await startFakeProvider();
});
beforeEach(() => {
  fake.reset();
  const key = () => testKey;
  providers = createProviders([
    { kind: 'openai', name: 'openai', baseUrl: fake.baseUrls.openai, key },
    { kind: 'hyperbolic', name: 'hyperbolic', baseUrl: fake.baseUrls.hyperbolic, key },
    {
      kind: 'azure',
      name: 'azure',
      endpoint: fake.baseUrls.azure,
      key,
      deployments: [
        { name: 'fast', family: 'gpt-4o' },
        { name: 'thinker', family: 'o4-mini' },
      ],
    },
  ]);
});
afterAll(() => fake.close());

describe('what a family name tells', () => {
  it.each([
    ['gpt-4o', 'max_tokens', true],
    ['gpt-4.1-mini', 'max_tokens', true],
    ['gpt-35-turbo', 'max_tokens', true],
    ['gpt-3.5-turbo', 'max_tokens', true],
    ['gpt-oss-120b', 'max_tokens', true],
    ['meta-llama/Llama-3.3-70B-Instruct', 'max_tokens', true],
    ['o1', 'max_completion_tokens', false],
    ['o3-mini', 'max_completion_tokens', false],
    ['openai/o4-mini', 'max_completion_tokens', false],
    ['gpt-5', 'max_completion_tokens', false],
    ['GPT-5.1-mini', 'max_completion_tokens', false],
    ['gpt-5-chat-latest', 'max_completion_tokens', true],
    ['olmo-2', 'max_tokens', true],
  ] as const)('%s: %s, sampling %s', (family, tokenLimitField, takesSampling) => {
    expect(familyTraits(family)).toEqual({ tokenLimitField, takesSampling });
  });
});

describe('requests by family', () => {
  it("an Azure deployment is asked as its declared family, whatever the deployment's name", async () => {
    const plain = await provider('azure').complete(ask('fast', { parameters: sampled }));
    const reasoning = await provider('azure').complete(ask('thinker', { parameters: sampled }));
    const [fast, thinker] = bodies();
    expect(fast).toMatchObject({
      max_tokens: 50,
      temperature: 0.2,
      top_p: 0.9,
      presence_penalty: 1,
      seed: 7,
    });
    expect(plain.omittedParameters).toBeUndefined();
    expect(thinker).toEqual({
      model: 'thinker',
      messages: [{ role: 'user', content: 'What is two and two?' }],
      max_completion_tokens: 50,
      seed: 7,
    });
    expect(reasoning.omittedParameters).toEqual(['temperature', 'top_p', 'presence_penalty']);
  });

  it('hyperbolic is asked with max_tokens even for a model that looks like a reasoning one', async () => {
    await provider('hyperbolic').complete(ask('openai/gpt-5'));
    expect(bodies()[0]).toMatchObject({ max_tokens: 50 });
    expect(bodies()[0]).not.toHaveProperty('max_completion_tokens');
  });
});

describe('learning from a refused parameter', () => {
  it('asks once more with the other name of the token limit, and remembers it for the model only', async () => {
    fake.script(noMaxTokens);
    expect((await provider('openai').complete(ask('new-model'))).text).toContain('two and two');
    expect(bodies().map(Object.keys)).toEqual([
      ['model', 'messages', 'max_tokens'],
      ['model', 'messages', 'max_completion_tokens'],
    ]);
    await provider('openai').complete(ask('new-model'));
    await provider('openai').complete(ask('other-model'));
    expect(bodies()[2]).toHaveProperty('max_completion_tokens');
    expect(bodies()[3]).toHaveProperty('max_tokens');
    expect(fake.requests).toHaveLength(4);
  });

  it('gives up when the other name is refused too', async () => {
    fake.respondWith(noMaxTokens);
    const error = await failureOf(provider('openai').complete(ask('new-model')));
    expect(error).toMatchObject({ kind: 'invalid_request', providerCode: 'unsupported_parameter' });
    expect(fake.requests).toHaveLength(2);
  });

  it('leaves temperature out and says so', async () => {
    fake.script(noMaxTokens, noTemperature);
    const answer = await provider('openai').complete(ask('new-model', { parameters: sampled }));
    expect(answer.omittedParameters).toEqual(['temperature']);
    expect(bodies()[2]).toMatchObject({ max_completion_tokens: 50, top_p: 0.9 });
    expect(bodies()[2]).not.toHaveProperty('temperature');
  });

  it('does not drop a parameter that shapes the answer', async () => {
    fake.script({
      status: 400,
      body: {
        error: { message: "Unsupported parameter: 'stop'", param: 'stop', code: 'unsupported_parameter' },
      },
    });
    const parameters = { maxOutputTokens: 50, stop: ['END'] };
    const error = await failureOf(provider('openai').complete(ask('new-model', { parameters })));
    expect(error.kind).toBe('invalid_request');
    expect(fake.requests).toHaveLength(1);
  });

  it('does not take a value that is too large for an unsupported name', async () => {
    const message = 'max_tokens is too large: 50. This model supports at most 40 completion tokens.';
    fake.script({ status: 400, body: { error: { message, param: 'max_tokens', code: 'invalid_value' } } });
    await failureOf(provider('openai').complete(ask('new-model')));
    expect(fake.requests).toHaveLength(1);
  });

  it('64 first calls at once all succeed', async () => {
    fake.respondWith(({ body }) =>
      Object.hasOwn(body as object, 'max_tokens')
        ? noMaxTokens
        : { body: { choices: [{ message: { content: 'yes' }, finish_reason: 'stop' }] } },
    );
    const answers = await Promise.all(
      Array.from({ length: 64 }, () => provider('openai').complete(ask('new-model'))),
    );
    expect(answers.every(({ text }) => text === 'yes')).toBe(true);
    expect(fake.requests.length).toBeLessThanOrEqual(128);
  });

  it.each([
    ['vllm-stream-options-400.json', 400],
    ['fastapi-stream-options-422.json', 422],
  ])('streams without stream_options where they are refused (%s)', async (name, status) => {
    fake.script(refusal(name, status));
    const end = (await collect(provider('hyperbolic').stream(ask('a-model')))).at(-1);
    if (end?.type !== 'end') throw new Error('no end');
    expect(bodies().map((body) => body.stream_options)).toEqual([{ include_usage: true }, undefined]);
    expect(end.answer.usage).toEqual({
      inputTokens: null,
      cachedInputTokens: null,
      outputTokens: null,
      reasoningTokens: null,
    });
    await collect(provider('hyperbolic').stream(ask('a-model')));
    expect(fake.requests).toHaveLength(3);
  });
});
