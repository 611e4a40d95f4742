import { randomUUIDv7 } from 'node:crypto';
import type { AttemptSettlement, NewRun, RunSettlement } from '../../src/db/runs/inference-repository.ts';

/** A run as the service would hand it in; `overrides` win. */
export const exampleRun = (overrides: Partial<NewRun> = {}): NewRun => {
  const createdAt = overrides.createdAt ?? new Date();
  return {
    id: randomUUIDv7(),
    provider: 'echo',
    model: 'echo-1',
    messages: [{ role: 'user', content: 'What is the answer?' }],
    originalMessages: null,
    parameters: { temperature: 0 },
    preprocessing: null,
    metadata: {},
    requestHash: 'a'.repeat(64),
    requestId: 'request-1',
    apiKeyId: null,
    batchId: null,
    createdAt,
    leaseUntil: new Date(createdAt.getTime() + 60_000),
    attemptId: randomUUIDv7(),
    ...overrides,
  };
};

const usage = {
  inputTokens: 5,
  cachedInputTokens: null,
  outputTokens: 7,
  reasoningTokens: 0,
  estimated: false,
};

export const exampleAttemptSettlement = (
  attemptId: string,
  overrides: Partial<AttemptSettlement> = {},
): AttemptSettlement => ({
  attemptId,
  outcome: 'ok',
  settledAt: new Date(),
  latencyMs: 50.25,
  httpStatus: 200,
  error: null,
  retryAfterMs: null,
  providerRequestId: 'provider-request-1',
  servedModel: 'echo-1-2026',
  usage,
  costUsd: '0.000123',
  rateLimit: { 'x-ratelimit-remaining-requests': '9' },
  raw: { choices: [{ message: { content: 'Forty-two.' } }] },
  ...overrides,
});

/** The settlement of a run whose only attempt was answered. */
export const exampleSettlement = (run: NewRun, overrides: Partial<RunSettlement> = {}): RunSettlement => ({
  runId: run.id,
  outcome: 'ok',
  detail: null,
  text: 'Forty-two.',
  finishReason: 'stop',
  servedModel: 'echo-1-2026',
  usage,
  costUsd: '0.000123',
  priceId: null,
  latencyMs: 51.5,
  attemptCount: 1,
  error: null,
  contentFilter: null,
  providerRequestId: 'provider-request-1',
  systemFingerprint: null,
  omittedParameters: null,
  settledAt: new Date(),
  lastAttempt: exampleAttemptSettlement(run.attemptId),
  ...overrides,
});
