import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../src/errors.ts';
import type { CompletionRequest, Provider, StreamEvent } from '../../src/providers/provider.ts';
import { type FakeProvider, startFakeProvider } from '../support/fake-provider.ts';
import { chatAnswer, errorAnswer } from '../support/fake-vendor-answers.ts';

export const testKey = 'sk-test-0123456789-never-shown';

/** What a provider under test is and can; a text instead of `true` is the reason why the cases are skipped. */
export type Candidate = {
  name: string;
  make(fake: FakeProvider): Provider;
  /** A model name it takes. */
  model: string;
  /** Whether it talks HTTP to a vendor, so that the fake can script its answers. */
  wire: true | string;
  embeds: true | string;
  /** How long an answer takes at least, for the cases about time; the wire's fake is scripted. */
  slow(fake: FakeProvider): Provider;
};

export const ask = (model: string, overrides: Partial<CompletionRequest> = {}): CompletionRequest => ({
  model,
  messages: [{ role: 'user', content: 'What is two and two?' }],
  parameters: { maxOutputTokens: 50 },
  timeoutMs: 5000,
  ...overrides,
});

export const collect = async (events: AsyncIterable<StreamEvent>): Promise<StreamEvent[]> => {
  const collected: StreamEvent[] = [];
  for await (const event of events) collected.push(event);
  return collected;
};

/** The ProviderError a call ends in; anything else fails the test. */
export const failureOf = async (work: Promise<unknown>): Promise<ProviderError> => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ProviderError)) throw new Error(`expected a ProviderError, got ${String(error)}`);
  return error;
};

const when = (able: true | string, title: string, test: () => Promise<void>): void => {
  if (able === true) it(title, test);
  else it.skip(`${title} [skipped: ${able}]`, test);
};

/** Every provider passes this suite; a new one is done when it does. */
export const describeProvider = (candidate: Candidate): void => {
  describe(`provider ${candidate.name}`, () => {
    let fake: FakeProvider;
    let provider: Provider;
    beforeAll(async () => {
      fake = await startFakeProvider();
    });
    beforeEach(() => {
      fake.reset();
      provider = candidate.make(fake);
    });
    afterAll(() => fake.close());

    it('answers a question in the normal form', async () => {
      const answer = await provider.complete(ask(candidate.model));
      expect(answer.text).toContain('What is two and two?');
      expect(answer).toMatchObject({ finishReason: 'stop', refusal: null, requestedModel: candidate.model });
      expect(answer.servedModel).toEqual(expect.any(String));
      expect(answer.providerRequestId).toEqual(expect.any(String));
      expect(answer.usage.inputTokens).toBeGreaterThan(0);
      expect(answer.usage.outputTokens).toBeGreaterThan(0);
      expect(JSON.stringify(answer.raw)).toContain('What is two and two?');
    });

    it('streams the same text and ends with exactly one whole answer', async () => {
      const events = await collect(provider.stream(ask(candidate.model)));
      const whole = await provider.complete(ask(candidate.model));
      expect(events.filter(({ type }) => type === 'end')).toHaveLength(1);
      const end = events.at(-1);
      if (end?.type !== 'end') throw new Error('the last event is no end');
      const text = events.map((event) => (event.type === 'delta' ? event.text : '')).join('');
      expect(text).toBe(whole.text);
      const { raw, contentFilter, ...streamed } = end.answer;
      expect(whole).toMatchObject(streamed);
      expect(raw).not.toBeNull();
    });

    it('gives up at timeoutMs with a timeout that is not retried', async () => {
      const error = await failureOf(candidate.slow(fake).complete(ask(candidate.model, { timeoutMs: 40 })));
      expect(error).toMatchObject({ kind: 'timeout', retryable: false, httpStatus: null });
    });

    it('tells a cancelled call from a timeout', async () => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 30);
      const request = ask(candidate.model, { signal: controller.signal });
      const error = await failureOf(candidate.slow(fake).complete(request));
      expect(error).toMatchObject({ kind: 'cancelled', retryable: false });
    });

    it('sends nothing when the call is cancelled beforehand', async () => {
      const error = await failureOf(provider.complete(ask(candidate.model, { signal: AbortSignal.abort() })));
      expect(error.kind).toBe('cancelled');
      expect(fake.requests).toHaveLength(0);
    });

    it('ends a stream at the timeout and on cancellation', async () => {
      const slow = candidate.slow(fake);
      const late = await failureOf(collect(slow.stream(ask(candidate.model, { timeoutMs: 40 }))));
      expect(late.kind).toBe('timeout');
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 30);
      const request = ask(candidate.model, { signal: controller.signal });
      expect((await failureOf(collect(candidate.slow(fake).stream(request)))).kind).toBe('cancelled');
    });

    it('lists models with id and family', async () => {
      for (const model of await provider.listModels()) {
        expect(model).toEqual({ id: expect.any(String), family: expect.any(String), contextTokens: null });
      }
    });

    it('has embed exactly where its capabilities say so', () => {
      expect(provider.embed !== undefined).toBe(provider.capabilities.embed);
    });

    when(candidate.embeds, 'embeds one vector an input, in order', async () => {
      const input = ['first', 'the second', 'first'];
      const answer = await provider.embed?.({
        model: candidate.model,
        input,
        dimensions: 16,
        timeoutMs: 5000,
      });
      expect(answer?.vectors.map((vector) => vector.length)).toEqual([16, 16, 16]);
      expect(answer?.vectors[0]).toEqual(answer?.vectors[2]);
      expect(answer?.vectors[0]).not.toEqual(answer?.vectors[1]);
      expect(answer?.usage.inputTokens).toBeGreaterThan(0);
    });

    when(candidate.wire, 'leaves missing usage and headers unknown', async () => {
      fake.script({ body: chatAnswer('hello', { usage: undefined, system_fingerprint: null }) });
      const answer = await provider.complete(ask(candidate.model));
      expect(answer).toMatchObject({
        usage: { inputTokens: null, cachedInputTokens: null, outputTokens: null, reasoningTokens: null },
        rateLimit: null,
        providerRequestId: null,
        systemFingerprint: null,
        contentFilter: null,
      });
    });

    const statuses: [number, string, boolean][] = [
      [400, 'invalid_request', false],
      [401, 'authentication', false],
      [402, 'out_of_credit', false],
      [403, 'permission', false],
      [404, 'model_not_found', false],
      [408, 'server_error', true],
      [409, 'overloaded', true],
      [413, 'context_length', false],
      [422, 'invalid_request', false],
      [429, 'rate_limited', true],
      [500, 'server_error', true],
      [502, 'server_error', true],
      [503, 'overloaded', true],
      [504, 'server_error', true],
    ];
    when(candidate.wire, 'maps every HTTP status to one cause, after exactly one request', async () => {
      for (const [status, kind, retryable] of statuses) {
        fake.reset();
        fake.script(errorAnswer(status, { message: 'no' }, { 'x-request-id': 'req-7' }));
        const error = await failureOf(provider.complete(ask(candidate.model)));
        expect(error).toMatchObject({ kind, retryable, httpStatus: status, providerRequestId: 'req-7' });
        expect(error.provider).toBe(provider.name);
        expect(fake.requests).toHaveLength(1);
      }
    });

    when(candidate.wire, 'obeys what 429 says about waiting', async () => {
      fake.script(errorAnswer(429, { message: 'slow down' }, { 'retry-after': '75' }));
      const error = await failureOf(provider.complete(ask(candidate.model)));
      expect(error).toMatchObject({ kind: 'rate_limited', retryAfterMs: 75_000 });
    });

    when(candidate.wire, 'calls an unreadable or empty 200 a bad response', async () => {
      for (const body of ['<html>gateway</html>', '{"choices": [', '""', '{}', '{"choices":[]}', 'null']) {
        fake.script({ body });
        const error = await failureOf(provider.complete(ask(candidate.model)));
        expect(error).toMatchObject({ kind: 'bad_response', retryable: true, httpStatus: 200 });
      }
    });

    when(candidate.wire, 'reports a reset connection as such', async () => {
      fake.script({ ends: 'reset' }, { body: '{"half":', ends: 'reset' });
      for (let call = 0; call < 2; call++) {
        const error = await failureOf(provider.complete(ask(candidate.model)));
        expect(error).toMatchObject({ kind: 'connection', retryable: true, httpStatus: null });
      }
    });

    when(candidate.wire, 'never shows its key', async () => {
      const echoed = `Incorrect API key provided: ${testKey}. Bearer ${testKey}`;
      fake.script(
        errorAnswer(401, { message: echoed, code: testKey, innererror: { key: [testKey] } }),
        { status: 500, body: echoed },
        { body: echoed },
      );
      for (let call = 0; call < 3; call++) {
        const error = await failureOf(provider.complete(ask(candidate.model)));
        const shown = [error.message, error.stack, JSON.stringify(error), String(error.cause)].join('\n');
        expect(shown).not.toContain(testKey);
        expect(shown).not.toContain('0123456789');
      }
    });
  });
};
