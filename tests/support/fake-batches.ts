import { Readable } from 'node:stream';
import type { BatchDetail, BatchEstimate } from '../../src/contract/batch.ts';
import type { BatchResult } from '../../src/contract/batch-item.ts';
import { Outcome } from '../../src/contract/inference.ts';
import { AppError } from '../../src/errors.ts';
import type { BatchService, QuestionSource } from '../../src/services/batches/batch-service.ts';
import type { TickService } from '../../src/services/tick-service.ts';

export const exampleBatchDetail = (id: string): BatchDetail => ({
  id,
  name: 'example',
  status: 'running',
  generation: 1,
  targets: [{ provider: 'echo', model: 'echo-1' }],
  repetitions: 1,
  shareIdentical: false,
  concurrency: 8,
  onUnknown: 'resend',
  maxCostUsd: null,
  maxTokens: null,
  maxAttempts: 5,
  deadlineMs: null,
  metadata: {},
  apiKeyId: null,
  planned: 2,
  createdAt: '2026-01-02T03:04:05.000Z',
  startedAt: '2026-01-02T03:04:06.000Z',
  progressedAt: '2026-01-02T03:04:07.000Z',
  finishedAt: null,
  counts: {
    planned: 2,
    pending: 1,
    inProgress: 0,
    outcomes: {
      ...(Object.fromEntries(Outcome.options.map((outcome) => [outcome, 0])) as Record<Outcome, number>),
      ok: 1,
    },
    settledLastMinute: 1,
  },
  spend: { costUsd: '0.01', unknownCostCount: 0, inputTokens: 3, outputTokens: 4, budget: null },
  itemsPerSecond: 0.5,
  etaSeconds: 2,
});

export const exampleResult = (batchId: string): BatchResult => ({
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
  inferenceId: batchId,
  sharedFrom: null,
  notBefore: null,
  settledAt: '2026-01-02T03:04:07.000Z',
  metadata: {},
  text: 'hello',
  finishReason: 'stop',
  servedModel: 'echo-1',
  usage: {
    inputTokens: 3,
    cachedInputTokens: null,
    outputTokens: 4,
    reasoningTokens: null,
    estimated: false,
  },
  costUsd: '0.01',
  latencyMs: 12,
  error: null,
});

const exampleEstimate: BatchEstimate = {
  planned: 1,
  asked: 1,
  targets: [],
  inputCostUsd: null,
  maxCostUsd: null,
};

/** One batch, of which anything may be asked. Bodies of lines are read to their end. */
export const fakeBatches = (knownId: string): BatchService => {
  const find = async (id: string) => {
    if (id !== knownId) throw new AppError('not_found', `There is no batch ${id}.`);
    return exampleBatchDetail(id);
  };
  const readAll = async (source: QuestionSource) => {
    if ('lines' in source) await Readable.from(source.lines).toArray();
  };
  return {
    create: async (_definition, source) => {
      await readAll(source);
      return { batch: exampleBatchDetail(knownId), replayed: false };
    },
    estimate: async (_definition, source) => {
      await readAll(source);
      return exampleEstimate;
    },
    get: find,
    list: async () => ({ data: [exampleBatchDetail(knownId)], nextCursor: null }),
    listItems: async (id) => {
      await find(id);
      return { data: [exampleResult(id)], nextCursor: null };
    },
    listResults: async (id) => {
      await find(id);
      return { data: [exampleResult(id)], nextCursor: 'next' };
    },
    pause: find,
    resume: find,
    cancel: find,
    retryFailed: find,
    reconcile: async (id) => {
      await find(id);
      return {
        planned: 2,
        rows: 2,
        pending: 1,
        inProgress: 0,
        settled: 1,
        outcomeMismatches: 0,
        inferenceCostUsd: '0.01',
        attemptCostUsd: '0.01',
        budgetSpentUsd: null,
        reservationSpentUsd: null,
        holds: true,
      };
    },
  };
};

const nothingDone = {
  firings: 0,
  batchesStarted: 0,
  leasesExpired: 0,
  reservationsExpired: 0,
  runsSwept: 0,
  uploadsExpired: 0,
  exportsExpired: 0,
  hoursRolledUp: 0,
  promptsEmbedded: 0,
};

export const fakeTicks = (): TickService => ({
  tick: async () => nothingDone,
  tickInTurn: async () => null,
  tickIfStale: async () => undefined,
});
