import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Inference } from '../../../src/contract/inference.ts';
import type { FakeAnswer } from '../../support/fake-provider.ts';
import { chatAnswer, errorAnswer } from '../../support/fake-vendor-answers.ts';
import { openService } from '../support/open-service.ts';

let t: Awaited<ReturnType<typeof openService>>;
beforeAll(async () => {
  t = await openService();
});
afterAll(() => t?.close());
beforeEach(() => t.fake.reset());

describe('what a provider can do to us comes back typed and recorded', () => {
  const error = (status: number, code: string | null, message = 'no', headers = {}): FakeAnswer =>
    errorAnswer(status, { code, message }, headers);
  const finished = (
    finish_reason: string,
    message: Record<string, unknown>,
    usage?: unknown,
  ): FakeAnswer => ({
    body: chatAnswer('', {
      choices: [
        { index: 0, finish_reason, message: { role: 'assistant', content: '', refusal: null, ...message } },
      ],
      ...(usage === undefined ? {} : { usage }),
    }),
  });
  const reasoned = {
    prompt_tokens: 9,
    completion_tokens: 50,
    completion_tokens_details: { reasoning_tokens: 50 },
  };

  it.each<[string, FakeAnswer, Partial<Inference>]>([
    [
      'a wrong key',
      error(401, 'invalid_api_key', `wrong key sk-wire-0123456789-never-shown`),
      { outcome: 'provider_error', detail: 'authentication', costUsd: '0' },
    ],
    ['no permission', error(403, null), { outcome: 'provider_error', detail: 'permission', costUsd: '0' }],
    [
      'an unknown model',
      error(404, 'model_not_found'),
      { outcome: 'provider_error', detail: 'model_not_found', costUsd: '0' },
    ],
    [
      'no credit',
      error(429, 'insufficient_quota'),
      { outcome: 'provider_error', detail: 'out_of_credit', costUsd: '0' },
    ],
    [
      'a bad request',
      error(400, null),
      { outcome: 'provider_error', detail: 'invalid_request', costUsd: '0' },
    ],
    [
      'too long a context',
      error(400, 'context_length_exceeded'),
      { outcome: 'provider_error', detail: 'context_length', costUsd: null },
    ],
    [
      'a filtered prompt',
      error(400, 'content_filter'),
      { outcome: 'content_filtered', detail: 'prompt_filtered', costUsd: null },
    ],
    [
      'a filtered answer',
      finished('content_filter', {}),
      { outcome: 'content_filtered', detail: 'completion_filtered' },
    ],
    [
      'a refusal',
      finished('stop', { content: null, refusal: 'I cannot.' }),
      { outcome: 'refused', text: 'I cannot.' },
    ],
    [
      'a cut answer',
      finished('length', { content: 'Two and' }),
      { outcome: 'truncated', detail: 'max_output_tokens', text: 'Two and' },
    ],
    [
      'reasoning only',
      finished('length', {}, reasoned),
      { outcome: 'truncated', detail: 'reasoning_exhausted', text: '' },
    ],
  ])('%s, with one call', async (_, answer, expected) => {
    t.fake.script(answer);
    const inference = await t.ask();
    expect(inference).toMatchObject({ ...expected, attemptCount: 1 });
    await t.expectRecorded(inference);
    expect(t.fake.requests).toHaveLength(1);
  });

  it.each<[string, FakeAnswer, Partial<Inference>]>([
    [
      'a rate limit',
      error(429, 'rate_limit_exceeded', 'slow down', { 'retry-after-ms': '30' }),
      { outcome: 'provider_error', detail: 'rate_limited', costUsd: '0' },
    ],
    [
      'a failing server',
      error(500, null),
      { outcome: 'provider_error', detail: 'server_error', costUsd: null },
    ],
    ['a busy server', error(503, null), { outcome: 'provider_error', detail: 'overloaded', costUsd: '0' }],
    [
      "a gateway's timeout",
      error(504, null),
      { outcome: 'timeout', detail: 'provider_timeout', costUsd: null },
    ],
    [
      'a connection that breaks',
      { ends: 'reset' },
      { outcome: 'unknown_outcome', detail: 'connection_lost', costUsd: null },
    ],
    [
      'half an answer',
      { body: '{"id": "chat', ends: 'reset' },
      { outcome: 'unknown_outcome', detail: 'connection_lost', costUsd: null },
    ],
  ])('%s: tried again, and recorded when it lasts', async (_, answer, expected) => {
    t.fake.script(answer);
    const recovered = await t.ask();
    expect(recovered).toMatchObject({ outcome: 'ok', attemptCount: 2 });
    const [first] = await t.expectRecorded(recovered);
    expect(first?.outcome).toBe(expected.outcome);
    // One attempt of unknown cost makes the sum unknown.
    expect(recovered.costUsd === null).toBe(expected.costUsd === null);

    t.fake.respondWith(answer);
    const lasting = await t.ask({ maxAttempts: 2 });
    expect(lasting).toMatchObject({ ...expected, attemptCount: 2, error: { retryable: true } });
    await t.expectRecorded(lasting);
    expect(t.fake.requests).toHaveLength(4);
  });

  it('silence until the deadline: one call, a timeout', async () => {
    t.fake.respondWith({ ends: 'never' });
    const started = performance.now();
    const inference = await t.ask({ deadlineMs: 150 });
    expect(performance.now() - started).toBeLessThan(1500);
    expect(inference).toMatchObject({
      outcome: 'timeout',
      detail: 'deadline',
      attemptCount: 1,
      costUsd: null,
    });
    await t.expectRecorded(inference);
  });

  it('a wait beyond the deadline: the answer comes at once', async () => {
    t.fake.script(error(429, 'rate_limit_exceeded', 'slow down', { 'retry-after': '90' }));
    const started = performance.now();
    const inference = await t.ask({ deadlineMs: 60_000 });
    expect(performance.now() - started).toBeLessThan(2000);
    const [attempt] = await t.expectRecorded(inference);
    expect(attempt).toMatchObject({ retryAfterMs: 90_000, httpStatus: 429 });
    expect(inference).toMatchObject({ outcome: 'provider_error', detail: 'rate_limited', attemptCount: 1 });
  });

  it('nobody listening: nothing was sent, so it cost nothing', async () => {
    const inference = await t.ask({ provider: 'nowhere', maxAttempts: 2 });
    expect(inference).toMatchObject({
      outcome: 'provider_error',
      detail: 'connection_failed',
      costUsd: '0',
      attemptCount: 2,
    });
    await t.expectRecorded(inference);
  });
});
