import type { BatchDefinition, BatchEstimate } from '../../contract/batch.ts';
import type { NewBatch, NewBatchInput } from '../../db/batches/batch-repository.ts';
import type { QuestionFile } from '../uploads/question-file.ts';

/** A batch whose every question has been checked, ready to be stored. */
export type PlannedBatch = {
  batch: NewBatch;
  estimate: BatchEstimate;
  /** Reads the file again. */
  inputs(): AsyncIterable<NewBatchInput>;
};

/**
 * Checks definition and questions, all of them. Stores nothing.
 * @throws {AppError} invalid_request (faults name lines and fields), price_unknown
 */
export type PlanBatch = (
  definition: BatchDefinition,
  file: QuestionFile,
  caller: { apiKeyId: string | null },
) => Promise<PlannedBatch>;
