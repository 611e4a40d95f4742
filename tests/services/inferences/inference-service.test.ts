import { beforeEach, describe, expect, it } from '@jest/globals';
import type { CreateInference } from '../../../src/contract/inference.ts';
import { answerOf } from '../support/answers.ts';
import { caller, price, question, refusalOf, setUpService, startedAt } from '../support/set-up-service.ts';

let t: ReturnType<typeof setUpService>;
beforeEach(() => {
  t = setUpService();
});

describe('an answered question', () => {
  it('is committed before it is sent and settled after', async () => {
    t.prices.set('scripted/model-a-2026-01-01', price);
    const { inference, replayed, shared } = await t.service.run(
      { ...question, metadata: { run: 'x' } },
      caller,
    );
    expect(t.calls).toEqual(['insertRun', 'complete', 'settleRun']);
    expect({ replayed, shared }).toEqual({ replayed: false, shared: false });
    expect(inference).toEqual({
      id: 'id-1',
      status: 'settled',
      outcome: 'ok',
      detail: null,
      provider: 'scripted',
      model: 'model-a',
      servedModel: 'model-a-2026-01-01',
      messages: [{ role: 'user', content: 'Capital of France?' }],
      originalMessages: null,
      text: 'Paris.',
      finishReason: 'stop',
      parameters: { maxOutputTokens: 100 },
      preprocessing: null,
      metadata: { run: 'x' },
      usage: {
        inputTokens: 1000,
        cachedInputTokens: 400,
        outputTokens: 300,
        reasoningTokens: 0,
        estimated: false,
      },
      costUsd: '0.005',
      priceId: price.id,
      latencyMs: 40,
      firstTokenMs: null,
      attemptCount: 1,
      error: null,
      contentFilter: null,
      providerRequestId: 'req-1',
      systemFingerprint: 'fp-1',
      omittedParameters: null,
      requestId: 'request-1',
      batchId: null,
      traceId: null,
      traceUrl: null,
      createdAt: '2026-01-02T03:04:05.000Z',
      cancelRequestedAt: null,
      settledAt: '2026-01-02T03:04:05.040Z',
    });
    const { run, settlement } = t.onlyRun();
    expect(run).toMatchObject({
      apiKeyId: 'key-1',
      attemptId: 'id-2',
      requestHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      leaseUntil: new Date(startedAt + 120_000 + 30_000),
    });
    expect(settlement?.lastAttempt).toMatchObject({
      attemptId: 'id-2',
      httpStatus: 200,
      raw: { id: 'chatcmpl-1' },
      rateLimit: { 'x-ratelimit-remaining-requests': '9' },
    });
  });

  it('sends parameters, the output limit and what the deadline leaves', async () => {
    await t.service.run(
      { ...question, parameters: { temperature: 0, maxOutputTokens: 7 }, deadlineMs: 5000 },
      caller,
    );
    expect(t.requests).toEqual([
      {
        model: 'model-a',
        messages: [{ role: 'user', content: 'Capital of France?' }],
        parameters: { temperature: 0, maxOutputTokens: 7 },
        timeoutMs: 5000,
      },
    ]);
  });

  it('costs null where no price is known, never 0', async () => {
    const { inference } = await t.service.run(question, caller);
    expect(inference).toMatchObject({ costUsd: null, priceId: null });
  });

  it('looks for the price by served name, asked name and family', async () => {
    t = setUpService({ declaredModels: [{ id: 'model-a', family: 'gpt-4o', contextTokens: null }] });
    t.prices.set('scripted/gpt-4o', price);
    expect((await t.service.run(question, caller)).inference.priceId).toBe(price.id);
  });

  it('keeps the answer when its price cannot be read', async () => {
    t.repository.findPrice = async () => Promise.reject(new Error('no such column'));
    expect((await t.service.run(question, caller)).inference).toMatchObject({ outcome: 'ok', costUsd: null });
    expect(t.logger.lines).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'price look-up failed' }),
    );
  });

  it('counts a missing usage itself and says so', async () => {
    const none = { inputTokens: null, cachedInputTokens: null, outputTokens: null, reasoningTokens: null };
    t.next(answerOf({ usage: none }));
    const { inference } = await t.service.run(question, caller);
    expect(inference.usage).toEqual({ ...none, inputTokens: 11, outputTokens: 2, estimated: true });
  });

  it('is returned as it can be stored', async () => {
    t.next(answerOf({ text: 'a\u0000b\ud800' }));
    expect((await t.service.run(question, caller)).inference.text).toBe('a\ufffdb\ufffd');
  });

  it('keeps the original beside what was sent', async () => {
    const { inference } = await t.service.run(
      {
        ...question,
        prompt: 'I am  {{who}}',
        preprocessing: { variables: { who: 'a@b.example' }, removePii: ['email'], collapseWhitespace: true },
      },
      caller,
    );
    expect(t.requests[0]?.messages).toEqual([{ role: 'user', content: 'I am [email]' }]);
    expect(inference.messages).toEqual([{ role: 'user', content: 'I am [email]' }]);
    expect(inference.originalMessages).toEqual([{ role: 'user', content: 'I am  {{who}}' }]);
  });

  it('says what a refusal said', async () => {
    t.next(answerOf({ text: '', refusal: 'I cannot help with that.' }));
    expect((await t.service.run(question, caller)).inference).toMatchObject({
      outcome: 'refused',
      detail: 'model_refusal',
      text: 'I cannot help with that.',
    });
  });
});

describe('refusals store nothing and send nothing', () => {
  it.each<[string, Partial<CreateInference>, string, string, RegExp]>([
    [
      'unknown provider',
      { provider: 'nobody' },
      'invalid_request',
      '/provider',
      /"nobody".*configured: scripted/,
    ],
    ['unknown model', { model: 'x' }, 'invalid_request', '/model', /"x".*configured: model-a, model-b/],
    [
      'too much output',
      { parameters: { maxOutputTokens: 501 } },
      'invalid_request',
      '/parameters/maxOutputTokens',
      /501.*500/,
    ],
    ['too long a prompt', { prompt: 'word '.repeat(1200) }, 'input_too_long', '/prompt', /1208 tokens.*1000/],
    [
      'unknown variable',
      { prompt: '{{x}}', preprocessing: { variables: {} } },
      'invalid_request',
      '/prompt',
      /line 1, column 1/,
    ],
    [
      'nothing left',
      { prompt: ' \n ', preprocessing: { collapseWhitespace: true } },
      'invalid_request',
      '/prompt',
      /nothing is left/,
    ],
    [
      'no room to truncate',
      { preprocessing: { maxInputTokens: 5 } },
      'input_too_long',
      '/preprocessing/maxInputTokens',
      /at most 5/,
    ],
  ])('%s', async (_, different, code, pointer, message) => {
    t = setUpService({
      declaredModels: ['model-a', 'model-b'].map((id) => ({ id, family: null, contextTokens: null })),
    });
    const error = await refusalOf(t.service.run({ ...question, ...different }, caller));
    expect(error.code).toBe(code);
    expect(error.faults).toEqual([{ pointer, message: expect.stringMatching(message) }]);
    expect(t.calls).toEqual([]);
  });

  it('names the messages when they are too long', async () => {
    const { prompt: _, ...rest } = question;
    const messages = [{ role: 'user' as const, content: 'word '.repeat(1200) }];
    expect((await refusalOf(t.service.run({ ...rest, messages }, caller))).faults[0]?.pointer).toBe(
      '/messages',
    );
  });
});
