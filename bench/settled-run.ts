import { randomUUIDv7 } from 'node:crypto';
import type { Metadata } from '../src/contract/inference.ts';
import type { NewRun, RunSettlement } from '../src/db/runs/inference-repository.ts';

const firstAt = Date.UTC(2026, 8, 1);

/** A run that was answered at the first attempt. `at`: its place in time, in seconds. */
export const settledRunOf = (given: {
  prompt: string;
  provider: string;
  metadata: Metadata;
  at: number;
}): { run: NewRun; settlement: RunSettlement } => {
  const createdAt = new Date(firstAt + given.at * 1000);
  const settledAt = new Date(createdAt.getTime() + 800);
  const usage = {
    inputTokens: 40,
    cachedInputTokens: null,
    outputTokens: 30,
    reasoningTokens: null,
    estimated: false,
  };
  const run: NewRun = {
    id: randomUUIDv7(),
    provider: given.provider,
    model: 'bench',
    messages: [{ role: 'user', content: given.prompt }],
    originalMessages: null,
    parameters: { maxOutputTokens: 200 },
    preprocessing: null,
    metadata: given.metadata,
    requestHash: 'a'.repeat(64),
    requestId: null,
    apiKeyId: null,
    batchId: null,
    createdAt,
    leaseUntil: new Date(createdAt.getTime() + 60_000),
    attemptId: randomUUIDv7(),
  };
  const facts = {
    outcome: 'ok' as const,
    settledAt,
    latencyMs: 800,
    error: null,
    providerRequestId: null,
    servedModel: 'bench',
    usage,
    costUsd: '0.0001',
  };
  return {
    run,
    settlement: {
      ...facts,
      runId: run.id,
      detail: null,
      text: 'An answer.',
      finishReason: 'stop',
      priceId: null,
      attemptCount: 1,
      contentFilter: null,
      systemFingerprint: null,
      omittedParameters: null,
      lastAttempt: {
        ...facts,
        attemptId: run.attemptId,
        httpStatus: 200,
        retryAfterMs: null,
        rateLimit: null,
        raw: null,
      },
    },
  };
};
