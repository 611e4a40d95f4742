import type { BatchCounts, BatchDetail, BatchEstimate } from '../../src/contract/batch.ts';
import type { BatchResult } from '../../src/contract/batch-item.ts';
import { Outcome } from '../../src/contract/inference.ts';

export const batchId = '0198c0de-0000-7000-8000-000000000001';
/** When everything of these examples happened. */
export const now = '2030-01-31T12:00:00Z';

const countsOf = (pending: number, outcomes: Partial<Record<Outcome, number>>): BatchCounts => ({
  planned: 2,
  pending,
  inProgress: 0,
  outcomes: {
    ...(Object.fromEntries(Outcome.options.map((name) => [name, 0])) as BatchCounts['outcomes']),
    ...outcomes,
  },
  settledLastMinute: 0,
});

/** A batch of two questions, as the API tells of it; `part` wins. */
export const exampleBatchDetail = (part: Partial<BatchDetail> = {}): BatchDetail => ({
  id: batchId,
  name: null,
  status: 'running',
  generation: 1,
  targets: [{ provider: 'echo', model: 'echo-1' }],
  repetitions: 1,
  shareIdentical: false,
  concurrency: 32,
  onUnknown: 'resend',
  maxCostUsd: null,
  maxTokens: null,
  maxAttempts: 5,
  deadlineMs: null,
  metadata: {},
  apiKeyId: null,
  planned: 2,
  createdAt: now,
  startedAt: now,
  progressedAt: now,
  finishedAt: null,
  counts: countsOf(2, {}),
  spend: { costUsd: '0', unknownCostCount: 0, inputTokens: 0, outputTokens: 0, budget: null },
  itemsPerSecond: null,
  etaSeconds: null,
  ...part,
});

/** The batch when all its questions have ended so. */
export const finishedBatch = (outcomes: Partial<Record<Outcome, number>>, part: Partial<BatchDetail> = {}) =>
  exampleBatchDetail({
    status: 'completed',
    counts: countsOf(0, outcomes),
    spend: { costUsd: '0.25', unknownCostCount: 0, inputTokens: 10, outputTokens: 20, budget: null },
    ...part,
  });

export const exampleBatchResult = (part: Partial<BatchResult> = {}): BatchResult => ({
  batchId,
  position: 0,
  itemKey: 'a',
  targetIndex: 0,
  provider: 'echo',
  model: 'echo-1',
  repetition: 0,
  state: 'settled',
  outcome: 'ok',
  detail: null,
  attempts: 1,
  inferenceId: '0198c0de-0000-7000-8000-000000000003',
  sharedFrom: null,
  notBefore: null,
  settledAt: now,
  metadata: {},
  text: 'because',
  finishReason: 'stop',
  servedModel: 'echo-1',
  usage: {
    inputTokens: 5,
    outputTokens: 10,
    cachedInputTokens: null,
    reasoningTokens: null,
    estimated: false,
  },
  costUsd: '0.125',
  latencyMs: 40,
  error: null,
  ...part,
});

export const exampleEstimate: BatchEstimate = {
  planned: 2,
  asked: 2,
  targets: [
    {
      provider: 'echo',
      model: 'echo-1',
      asked: 2,
      inputTokens: 10,
      maxInputTokens: 40,
      maxOutputTokens: 100,
      inputCostUsd: '0.1',
      maxCostUsd: '0.5',
    },
  ],
  inputCostUsd: '0.1',
  maxCostUsd: '0.5',
};
