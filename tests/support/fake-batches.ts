import { Readable } from 'node:stream';
import { AppError } from '../../src/errors.ts';
import type { BatchService, QuestionSource } from '../../src/services/batches/batch-service.ts';
import type { TickService } from '../../src/services/tick-service.ts';
import { exampleBatchDetail, exampleBatchResult, exampleEstimate } from './example-batches.ts';

/** One batch, of which anything may be asked. Bodies of lines are read to their end. */
export const fakeBatches = (knownId: string): BatchService => {
  const find = async (id: string) => {
    if (id !== knownId) throw new AppError('not_found', `There is no batch ${id}.`);
    return exampleBatchDetail({ id });
  };
  const readAll = async (source: QuestionSource) => {
    if ('lines' in source) await Readable.from(source.lines).toArray();
  };
  return {
    create: async (_definition, source) => {
      await readAll(source);
      return { batch: exampleBatchDetail({ id: knownId }), replayed: false };
    },
    estimate: async (_definition, source) => {
      await readAll(source);
      return exampleEstimate;
    },
    get: find,
    list: async () => ({ data: [exampleBatchDetail({ id: knownId })], nextCursor: null }),
    listItems: async (id) => {
      await find(id);
      return { data: [exampleBatchResult({ batchId: id })], nextCursor: null };
    },
    listResults: async (id) => {
      await find(id);
      return { data: [exampleBatchResult({ batchId: id })], nextCursor: 'next' };
    },
    pause: find,
    resume: find,
    cancel: find,
    retryFailed: find,
    failures: async (id) => {
      await find(id);
      return { failedCount: 0, causes: [], omittedCauseCount: 0 };
    },
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
