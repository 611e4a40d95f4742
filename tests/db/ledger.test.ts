import { randomUUIDv7 } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exampleAttemptSettlement, exampleRun, exampleSettlement } from '../support/example-rows.ts';
import { type OpenRepository, openRepository } from '../support/open-repository.ts';

const unknownUsage = {
  inputTokens: null,
  cachedInputTokens: null,
  outputTokens: null,
  reasoningTokens: null,
  estimated: true,
};

describe('the ledger of runs', () => {
  let open: OpenRepository;
  beforeAll(async () => {
    open = await openRepository();
  });
  afterAll(() => open.close());

  it('commits a run as sending with its first attempt', async () => {
    const run = exampleRun({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hello "you" \\ {a,b}\n\tGr\u00fc\u00dfe \u{1F600}' },
      ],
      originalMessages: [{ role: 'user', content: 'before' }],
      preprocessing: { collapseWhitespace: true },
      metadata: { study: 'x', n: 1.5, flag: true, none: null },
      batchId: randomUUIDv7(),
      traceId: '0af7651916cd43dd8448eb211c80319c',
    });
    await open.repository.insertRun(run);
    expect(await open.repository.findInference(run.id)).toEqual({
      id: run.id,
      status: 'sending',
      outcome: null,
      detail: null,
      provider: 'echo',
      model: 'echo-1',
      servedModel: null,
      messages: run.messages,
      originalMessages: run.originalMessages,
      text: null,
      finishReason: null,
      parameters: { temperature: 0 },
      preprocessing: { collapseWhitespace: true },
      metadata: run.metadata,
      usage: null,
      costUsd: null,
      priceId: null,
      latencyMs: null,
      firstTokenMs: null,
      attemptCount: 1,
      error: null,
      contentFilter: null,
      providerRequestId: null,
      systemFingerprint: null,
      omittedParameters: null,
      requestId: 'request-1',
      batchId: run.batchId,
      traceId: run.traceId,
      traceUrl: null,
      createdAt: run.createdAt.toISOString(),
      cancelRequestedAt: null,
      settledAt: null,
      attempts: [
        expect.objectContaining({
          id: run.attemptId,
          attemptNumber: 1,
          status: 'sending',
          outcome: null,
          startedAt: run.createdAt.toISOString(),
          settledAt: null,
        }),
      ],
      rawAnswer: null,
    });
  });

  it('settles a run with its attempt', async () => {
    const run = exampleRun();
    await open.repository.insertRun(run);
    const settlement = exampleSettlement(run, {
      contentFilter: [{ category: 'hate', filtered: false }],
      priceId: randomUUIDv7(),
      costUsd: '0.1234567890123456789',
      firstTokenMs: 21.5,
      lastAttempt: exampleAttemptSettlement(run.attemptId, { firstTokenMs: 20.25 }),
    });
    await open.repository.settleRun(settlement);
    const found = await open.repository.findInference(run.id);
    expect(found).toMatchObject({
      status: 'settled',
      outcome: 'ok',
      text: 'Forty-two.',
      servedModel: 'echo-1-2026',
      usage: settlement.usage,
      costUsd: '0.1234567890123456789',
      priceId: settlement.priceId,
      latencyMs: 51.5,
      firstTokenMs: 21.5,
      contentFilter: [{ category: 'hate', filtered: false }],
      settledAt: settlement.settledAt.toISOString(),
      rawAnswer: { choices: [{ message: { content: 'Forty-two.' } }] },
    });
    expect(found?.attempts).toEqual([
      {
        id: run.attemptId,
        attemptNumber: 1,
        status: 'settled',
        outcome: 'ok',
        startedAt: run.createdAt.toISOString(),
        settledAt: settlement.lastAttempt.settledAt.toISOString(),
        latencyMs: 50.25,
        firstTokenMs: 20.25,
        httpStatus: 200,
        error: null,
        retryAfterMs: null,
        providerRequestId: 'provider-request-1',
        servedModel: 'echo-1-2026',
        usage: settlement.usage,
        costUsd: '0.000123',
        rateLimit: { 'x-ratelimit-remaining-requests': '9' },
      },
    ]);
  });

  it('leaves a run alone that its own call has settled', async () => {
    const run = exampleRun();
    await open.repository.insertRun(run);
    await open.repository.settleRun(exampleSettlement(run));
    await open.repository.settleRun(exampleSettlement(run, { outcome: 'timeout', text: null }));
    expect(await open.repository.findInference(run.id)).toMatchObject({ outcome: 'ok', text: 'Forty-two.' });
  });

  it('keeps unknown apart from zero', async () => {
    const run = exampleRun();
    await open.repository.insertRun(run);
    await open.repository.settleRun(
      exampleSettlement(run, { usage: unknownUsage, costUsd: null, latencyMs: Number.NaN }),
    );
    expect(await open.repository.findInference(run.id)).toMatchObject({
      usage: unknownUsage,
      costUsd: null,
      latencyMs: null,
    });
  });

  it('appends attempts and settles the one before in the same step', async () => {
    const run = exampleRun();
    await open.repository.insertRun(run);
    const next = { id: randomUUIDv7(), runId: run.id, attemptNumber: 2, startedAt: new Date() };
    const error = { code: 'rate_limited', message: 'slow down', retryable: true };
    await open.repository.continueRun(
      exampleAttemptSettlement(run.attemptId, {
        outcome: 'provider_error',
        httpStatus: 429,
        retryAfterMs: 1500,
        error,
        usage: null,
        costUsd: null,
        raw: { error: 'slow down' },
      }),
      next,
    );
    const waiting = await open.repository.findInference(run.id);
    expect(waiting).toMatchObject({ status: 'sending', attemptCount: 2, rawAnswer: null });
    expect(waiting?.attempts).toMatchObject([
      {
        attemptNumber: 1,
        status: 'settled',
        outcome: 'provider_error',
        httpStatus: 429,
        retryAfterMs: 1500,
        error,
        usage: null,
      },
      { id: next.id, attemptNumber: 2, status: 'sending', startedAt: next.startedAt.toISOString() },
    ]);
    await open.repository.settleRun(
      exampleSettlement(run, { attemptCount: 2, lastAttempt: exampleAttemptSettlement(next.id) }),
    );
    const settled = await open.repository.findInference(run.id);
    expect(settled?.attempts.map(({ outcome }) => outcome)).toEqual(['provider_error', 'ok']);
    expect(settled?.rawAnswer).toEqual({ choices: [{ message: { content: 'Forty-two.' } }] });
  });

  it('appends an attempt once, when the step is repeated because its answer was lost', async () => {
    const run = exampleRun();
    await open.repository.insertRun(run);
    const settled = exampleAttemptSettlement(run.attemptId, { outcome: 'provider_error' });
    const next = { id: randomUUIDv7(), runId: run.id, attemptNumber: 2, startedAt: new Date() };
    await open.repository.continueRun(settled, next);
    await open.repository.continueRun(settled, next);
    expect(await open.repository.findInference(run.id)).toMatchObject({
      attemptCount: 2,
      attempts: [
        { id: run.attemptId, outcome: 'provider_error' },
        { id: next.id, status: 'sending' },
      ],
    });
  });

  it('stores an answer with characters that PostgreSQL has not', async () => {
    const run = exampleRun();
    await open.repository.insertRun(run);
    await open.repository.settleRun(
      exampleSettlement(run, {
        text: 'nul \u0000 half \ud83d end',
        lastAttempt: exampleAttemptSettlement(run.attemptId, { raw: { 'key\u0000': 'half \udc00' } }),
      }),
    );
    expect(await open.repository.findInference(run.id)).toMatchObject({
      outcome: 'ok',
      text: 'nul \uFFFD half \uFFFD end',
      rawAnswer: { 'key\uFFFD': 'half \uFFFD' },
    });
  });

  it('records the outcome even where the raw answer cannot be stored', async () => {
    const run = exampleRun();
    await open.repository.insertRun(run);
    const raw = JSON.parse(`${'['.repeat(7000)}${']'.repeat(7000)}`);
    await open.repository.settleRun(
      exampleSettlement(run, { lastAttempt: exampleAttemptSettlement(run.attemptId, { raw }) }),
    );
    const found = await open.repository.findInference(run.id);
    expect(found).toMatchObject({ outcome: 'ok', text: 'Forty-two.' });
  });

  it('takes texts that would break a full-text vector', async () => {
    // Hyphenated words count twice, and four-byte letters fill a vector fastest.
    const letters = Array.from({ length: 20_000 }, (_, index) => String.fromCodePoint(0x20000 + index));
    const text = Array.from(
      { length: 10_000 },
      (_, index) => `${letters[2 * index]}-${letters[2 * index + 1]}`,
    ).join(' ');
    const run = exampleRun({ messages: [{ role: 'user', content: text.repeat(3) }] });
    await open.repository.insertRun(run);
    await open.repository.settleRun(
      exampleSettlement(run, { text: text.split('').reverse().join('').toWellFormed().repeat(3) }),
    );
    expect((await open.repository.findInference(run.id))?.messages[0]?.content.length).toBe(3 * text.length);
  });
});
