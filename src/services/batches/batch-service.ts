import type {
  Batch,
  BatchDefinition,
  BatchDetail,
  BatchEstimate,
  BatchReconciliation,
  BatchStatus,
  RetryBatch,
} from '../../contract/batch.ts';
import type { BatchFailures } from '../../contract/batch-failure.ts';
import type { BatchItem, BatchItemFilter, BatchItemInput, BatchResult } from '../../contract/batch-item.ts';
import type { Page, PageRequest } from '../../db/runs/inference-repository.ts';

export type BatchCaller = {
  apiKeyId: string | null;
  /** Whose `Idempotency-Key`s these are, where it isn't the key's id. */
  callerId?: string | null | undefined;
  /** The caller's `Idempotency-Key`, as sent. */
  idempotencyKey?: string | undefined;
};

/** Where the questions of a batch come from. */
export type QuestionSource =
  | { items: readonly BatchItemInput[] }
  | { uploadId: string }
  /** JSON lines, as the body of a request. */
  | { lines: AsyncIterable<Uint8Array>; contentEncoding: 'identity' | 'gzip' };

/** Everything about batches that a caller may ask for. Methods with an id @throw {AppError} not_found. */
export type BatchService = {
  /**
   * Checks every question, stores the batch in one transaction and starts it.
   * @throws {AppError} before anything is stored: invalid_request (faults name the lines), price_unknown,
   *   payload_too_large, idempotency_mismatch; not_found and conflict for an upload that is not there or still open
   */
  create(
    definition: BatchDefinition,
    source: QuestionSource,
    caller: BatchCaller,
  ): Promise<{ batch: BatchDetail; replayed: boolean }>;
  /** What it may come to. Stores nothing. @throws {AppError} as `create` */
  estimate(definition: BatchDefinition, source: QuestionSource): Promise<BatchEstimate>;
  get(id: string): Promise<BatchDetail>;
  list(filter: { status?: BatchStatus | undefined }, page: PageRequest): Promise<Page<Batch>>;
  listItems(id: string, filter: BatchItemFilter, page: PageRequest): Promise<Page<BatchItem>>;
  /** Why items have no answer. */
  failures(id: string): Promise<BatchFailures>;
  /** Settled items with their answers; a page also ends before its JSON could become larger than 16 MiB. */
  listResults(id: string, page: PageRequest): Promise<Page<BatchResult>>;
  /** @throws {AppError} conflict when it is finished or being cancelled */
  pause(id: string): Promise<BatchDetail>;
  /** @throws {AppError} conflict unless it is paused */
  resume(id: string): Promise<BatchDetail>;
  /** A finished batch stays as it is. */
  cancel(id: string): Promise<BatchDetail>;
  /** @throws {AppError} conflict when there is nothing to ask again, or it is being cancelled */
  retryFailed(id: string, request: RetryBatch): Promise<BatchDetail>;
  reconcile(id: string): Promise<BatchReconciliation>;
};
