import type {
  Batch,
  BatchCounts,
  BatchReconciliation,
  BatchSpend,
  BatchStatus,
  BatchTarget,
  OnUnknown,
} from '../../contract/batch.ts';
import type { BatchFailures } from '../../contract/batch-failure.ts';
import type { BatchItem, BatchItemFilter, BatchResult } from '../../contract/batch-item.ts';
import type { Message, Metadata, Outcome, Parameters } from '../../contract/inference.ts';
import type { LimitsRepository } from '../limits/limits-repository.ts';
import type { NewRun, Page, PageRequest, RunSettlement } from '../runs/inference-repository.ts';
import type { ScheduleRepository } from '../schedules/schedule-repository.ts';
import type { QueueFigures } from './queue-figures.ts';

export type NewBatch = {
  id: string;
  name: string | null;
  targets: readonly BatchTarget[];
  repetitions: number;
  shareIdentical: boolean;
  concurrency: number;
  onUnknown: OnUnknown;
  /** Caps; a batch with neither has no budget and needs no reservations. */
  maxCostUsd: string | null;
  maxTokens: number | null;
  maxAttempts: number;
  /** For one question; null: as configured. */
  deadlineMs: number | null;
  metadata: Metadata;
  apiKeyId: string | null;
  /** Of the request that makes it; null: it sent no key. At most one batch has this hash. */
  idempotency: { hash: string; fingerprint: string } | null;
  createdAt: Date;
};

/** One question of a batch, asked to each target as often as it has repetitions. */
export type NewBatchInput = {
  itemKey: string;
  messages: readonly Message[];
  parameters: Parameters;
  metadata: Metadata;
  /** Equal for equal questions; needed only where identical items share an answer. */
  questionHash: string | null;
};

/** An item under a worker's lease, with its question. */
export type LeasedItem = {
  batchId: string;
  position: number;
  itemKey: string;
  targetIndex: number;
  repetition: number;
  /** Begun so often before this lease. */
  attempts: number;
  messages: Message[];
  parameters: Parameters;
  metadata: Metadata;
};

export type LeaseRequest = {
  batchId: string;
  /** The worker's; none is leased once the batch has a later one. Left out: whichever. */
  generation?: number | undefined;
  /** Most items, divided evenly among the targets that have any ready. */
  limit: number;
  /** Only these; left out: all. */
  targetIndexes?: readonly number[] | undefined;
  /** Of the worker's making: its further calls name it. */
  leaseToken: string;
  now: Date;
  leaseUntil: Date;
};

export type ItemRef = { batchId: string; position: number };

export type ItemBeginning = ItemRef & {
  leaseToken: string;
  run: NewRun;
  /** Whether money was reserved for this run: it is then begun only while the reservation stands. */
  reserved: boolean;
};

export type ItemSettlement = ItemRef & {
  run: RunSettlement;
  /** The run has ended, the question is to be asked again, not before this moment; null: the item ends with its run. */
  askAgainAt: Date | null;
};

/** An item that ends without having been asked. */
export type UnsentItem = ItemRef & { leaseToken: string; outcome: Outcome; detail: string | null };

export type UnfinishedBatch = {
  id: string;
  generation: number;
  status: BatchStatus;
  progressedAt: string;
  /** Items under a lease that still runs. */
  inProgress: number;
};

export type BatchFilter = { status?: BatchStatus | undefined };

/** What stopped retrying makes sense of: everything but an answer. */
export type RetryRequest = { batchId: string; outcomes: readonly Outcome[]; now: Date };

/** Everything durable about batches. All of it may be called by several processes at once. */
export type BatchRepository = LimitsRepository &
  ScheduleRepository & {
    /** What is waiting, over all batches. @param tick name of the tick whose age is asked for */
    queueFigures(tick: string, now: Date): Promise<QueueFigures>;
    /**
     * Batch, targets, questions and items in one transaction.
     * @returns the number of items planned; null: another batch has its idempotency hash, and nothing is stored
     */
    insertBatch(
      batch: NewBatch,
      inputs: Iterable<NewBatchInput> | AsyncIterable<NewBatchInput>,
    ): Promise<number | null>;
    findBatch(id: string): Promise<Batch | null>;
    /** The batch that a request with this `Idempotency-Key` made. */
    findIdempotentBatch(hash: string): Promise<{ id: string; fingerprint: string } | null>;
    /** Newest first, by keyset. @throws {AppError} invalid_request for a cursor that is not ours. */
    listBatches(filter: BatchFilter, page: PageRequest): Promise<Page<Batch>>;
    batchCounts(id: string, now: Date): Promise<BatchCounts>;
    batchSpend(id: string): Promise<BatchSpend>;
    /** Why items have no answer, the most frequent cause first. */
    batchFailures(id: string): Promise<BatchFailures>;
    reconcileBatch(id: string): Promise<BatchReconciliation | null>;
    /** In order of position. @throws {AppError} invalid_request for a cursor that is not ours. */
    listBatchItems(id: string, filter: BatchItemFilter, page: PageRequest): Promise<Page<BatchItem>>;
    /** Settled items with their answers, in order of position; a page ends after `maxBytes` of answers, or `limit` items. */
    listBatchResults(id: string, page: PageRequest & { maxBytes: number }): Promise<Page<BatchResult>>;

    /** Items that are ready, of providers that are not blocked; none while the batch is paused or cancelled. */
    leaseItems(request: LeaseRequest): Promise<LeasedItem[]>;
    /**
     * Commits the item's run as `sending`. Group-committed. May be repeated when its answer is lost.
     * @returns false: the lease or the reservation is lost, or the batch has been stopped. Nothing may be sent; release it.
     */
    beginItem(beginning: ItemBeginning): Promise<boolean>;
    /**
     * Settles run, item, the items that share its answer and the reservations, and finishes the batch with its last item, in
     * one transaction. Group-committed. An item that has been begun anew keeps out of it. May be repeated.
     */
    settleItem(settlement: ItemSettlement): Promise<void>;
    /** Ends items under this lease that were never asked (no budget, bad question). */
    settleUnsentItems(items: readonly UnsentItem[], now: Date): Promise<void>;
    /** Gives items back that were leased but not begun. */
    releaseItems(
      items: readonly (ItemRef & { leaseToken: string; notBefore: Date | null })[],
      now: Date,
    ): Promise<void>;
    /**
     * Takes up what dead workers left: their runs become `unknown_outcome`; items are asked again, or settled where the batch
     * says so or they have been begun `maxAttempts` times.
     * @returns how many items
     */
    expireLeases(now: Date, options: { limit: number; maxAttempts: number }): Promise<number>;
    /**
     * The next moment at which a pending item (of these targets; left out: of any) may be asked, blocked providers considered;
     * null: nothing is pending.
     */
    nextReadyAt(batchId: string, now: Date, targetIndexes?: readonly number[]): Promise<Date | null>;

    /** @returns the batch afterwards, null when there is none; a finished batch stays as it is. */
    pauseBatch(id: string, now: Date): Promise<Batch | null>;
    resumeBatch(id: string, now: Date): Promise<Batch | null>;
    /** Pending items are settled at once, those under way by their workers. */
    cancelBatch(id: string, now: Date): Promise<Batch | null>;
    /** Items with these outcomes are pending again, under the next generation. @returns how many; 0: the batch stays as it is */
    retryItems(request: RetryRequest): Promise<number>;
    /** Batches whose orchestration should be alive, those without progress for longest first. Paused ones are left out. */
    listUnfinishedBatches(now: Date, limit: number): Promise<UnfinishedBatch[]>;
    /** Takes the next generation, once: false when another process was first, or the batch is finished. */
    raiseGeneration(id: string, from: number, now: Date): Promise<boolean>;
    /** Commits what is waiting. The pool is its owner's to end. */
    close(): Promise<void>;
  };
