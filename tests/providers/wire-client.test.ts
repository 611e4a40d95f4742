import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AppError } from '../../src/errors.ts';
import { createProviders, type ProviderOptions } from '../../src/providers/create-providers.ts';
import { createLeanFetch } from '../../src/providers/lean-fetch.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { type FakeProvider, startFakeProvider } from '../support/fake-provider.ts';
import { ask, collect, failureOf, testKey } from './provider-suite.ts';

let fake: FakeProvider;
beforeAll(async () => {
  fake = await startFakeProvider();
});
beforeEach(() => fake.reset());
afterAll(() => fake.close());

const make = (options: Partial<ProviderOptions> = {}, fetch?: typeof globalThis.fetch): Provider => {
  const all = { kind: 'openai', name: 'one', baseUrl: fake.baseUrls.openai, key: () => testKey, ...options };
  const provider = createProviders([all as ProviderOptions], fetch).get('one');
  if (!provider) throw new Error('no provider');
  return provider;
};

describe('what the environment holds', () => {
  const hostile = {
    OPENAI_API_KEY: 'sk-from-the-environment',
    OPENAI_ADMIN_KEY: 'sk-admin-from-the-environment',
    OPENAI_BASE_URL: 'http://127.0.0.1:9/elsewhere',
    OPENAI_ORG_ID: 'org-environment',
    OPENAI_PROJECT_ID: 'project-environment',
    OPENAI_WEBHOOK_SECRET: 'environment',
    OPENAI_LOG: 'debug',
    OPENAI_CUSTOM_HEADERS: 'Authorization: Bearer sk-evil\nX-Environment: 1\nAccept: text/html',
    AZURE_OPENAI_API_KEY: 'environment',
    HTTP_PROXY: 'http://127.0.0.1:9',
    http_proxy: 'http://127.0.0.1:9',
  };
  afterEach(() => {
    for (const name of Object.keys(hostile)) delete process.env[name];
  });

  it('changes nothing of what is sent, nor where', async () => {
    await make().complete(ask('gpt-4o'));
    Object.assign(process.env, hostile);
    const provider = make();
    await provider.complete(ask('gpt-4o'));
    await collect(provider.stream(ask('gpt-4o')));
    await provider.listModels();
    expect(fake.requests).toHaveLength(4);
    expect(fake.requests[1]).toEqual(fake.requests[0]);
    for (const { headers } of fake.requests) {
      expect(headers.authorization).toBe(`Bearer ${testKey}`);
      expect(JSON.stringify(headers)).not.toMatch(/environment|evil|stainless|org-|project-/i);
    }
  });
});

describe('an endpoint that never ends its answer', () => {
  it('is left before it fills the memory, and not asked again', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '.repeat(50_000)), 5);
      response.on('close', () => clearInterval(timer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    const provider = make({ baseUrl }, createLeanFetch({ maxAnswerBytes: 200_000 }));
    expect(await failureOf(provider.complete({ ...ask('gpt-4o'), timeoutMs: 5_000 }))).toMatchObject({
      kind: 'bad_response',
      retryable: false,
    });
    server.closeAllConnections();
    server.close();
  });
});

describe('keys and tokens', () => {
  it('asks for the key at each call, so that a rotated one is used at once', async () => {
    let turn = 0;
    const provider = make({ key: async () => `token-${++turn}` });
    await provider.complete(ask('gpt-4o'));
    await provider.complete(ask('gpt-4o'));
    expect(fake.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-2',
    ]);
  });

  it('sends no authorization to an endpoint that wants none', async () => {
    const provider = make({ kind: 'compatible', baseUrl: fake.baseUrls.compatible, key: null });
    await provider.complete(ask('llama'));
    expect(fake.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it.each<[string, Error, string, boolean]>([
    ['away', new AppError('identity_unavailable', 'no token', { retryable: true }), 'overloaded', true],
    ['unknown to Entra', new AppError('identity_unavailable', 'no token'), 'authentication', false],
    ['a fault of ours', new Error('no token'), 'authentication', false],
  ])('without a key, which is %s, nothing is sent', async (_, fault, kind, retryable) => {
    const error = await failureOf(make({ key: () => Promise.reject(fault) }).complete(ask('gpt-4o')));
    expect(error).toMatchObject({ kind, retryable, httpStatus: null });
    expect(error.message).toContain('no token');
    expect(fake.requests).toHaveLength(0);
  });

  it('waits for a token no longer than the call may take', async () => {
    const provider = make({ key: () => new Promise<string>(() => {}) });
    const error = await failureOf(provider.complete(ask('gpt-4o', { timeoutMs: 30 })));
    expect(error.kind).toBe('timeout');
  });
});

describe.each([
  ['the lean fetch', undefined],
  ["Node's fetch", globalThis.fetch],
] as [string, typeof globalThis.fetch | undefined][])('connections over %s', (_, fetch) => {
  it('a refused connection is retryable, a wrong name is not', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const refused = make({ baseUrl: `http://127.0.0.1:${port}/v1` }, fetch);
    expect(await failureOf(refused.complete(ask('gpt-4o')))).toMatchObject({
      kind: 'connection',
      retryable: true,
      providerCode: 'ECONNREFUSED',
    });
    const lost = make({ baseUrl: 'http://no-such-host.invalid/v1' }, fetch);
    expect(await failureOf(lost.complete(ask('gpt-4o')))).toMatchObject({ kind: 'connection' });
  });

  it('many calls at once each get their own answer', async () => {
    const provider = make({}, fetch);
    const texts = await Promise.all(
      Array.from({ length: 64 }, async (_, number) => {
        const messages = [{ role: 'user' as const, content: `question ${number} äöü 語` }];
        return (await provider.complete(ask('gpt-4o', { messages }))).text;
      }),
    );
    expect(texts).toEqual(texts.map((_, number) => `Answer to: question ${number} äöü 語`));
  });

  it('reads a long answer whole', async () => {
    const long = 'ä'.repeat(300_000);
    fake.script({ body: { choices: [{ message: { content: long }, finish_reason: 'stop' }] } });
    expect((await make({}, fetch).complete(ask('gpt-4o'))).text).toBe(long);
  });
});

it('carries its key to no other host: a redirect is a bad response', async () => {
  fake.script({ status: 307, headers: { location: `${fake.url}/elsewhere/v1/chat/completions` } });
  const error = await failureOf(make().complete(ask('gpt-4o')));
  expect(error).toMatchObject({ kind: 'bad_response', httpStatus: 307 });
  expect(fake.requests).toHaveLength(1);
});

it('refuses two providers of one name', () => {
  const echo = { kind: 'echo', name: 'echo' } as const;
  expect(() => createProviders([echo, echo])).toThrow('two providers are called echo');
});

it('asks an endpoint that cannot stream for the whole answer, as one piece', async () => {
  const provider = make({ kind: 'compatible', key: null, capabilities: { stream: false } });
  fake.script({ body: { choices: [{ message: { content: 'whole' }, finish_reason: 'stop' }] } });
  const events = await collect(provider.stream(ask('llama')));
  expect(events.map(({ type }) => type)).toEqual(['delta', 'end']);
  expect(fake.requests[0]?.body).not.toHaveProperty('stream');
});

it('puts vectors in the order of the inputs and misses none', async () => {
  const vectors = (...data: unknown[]) => ({ body: { data, usage: { prompt_tokens: 3 } } });
  fake.script(
    vectors({ index: 1, embedding: [0, 1] }, { index: 0, embedding: [1, 0] }),
    vectors({ index: 0, embedding: [1, 0] }),
    vectors({ index: 0, embedding: [1, 0] }, { index: 7, embedding: [1, 0] }),
  );
  const request = { model: 'e', input: ['a', 'b'], timeoutMs: 5000 };
  const provider = make();
  const answer = await provider.embed?.(request);
  expect(answer).toMatchObject({
    vectors: [
      [1, 0],
      [0, 1],
    ],
    usage: { inputTokens: 3 },
    servedModel: null,
  });
  for (let call = 0; call < 2; call++) {
    const error = await failureOf(provider.embed?.(request) ?? Promise.resolve());
    expect(error.kind).toBe('bad_response');
  }
});
