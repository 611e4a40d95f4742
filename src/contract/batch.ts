import { z } from 'zod';
import { BatchItemInput } from './batch-item.ts';
import { Id, ModelName, Money, ProviderName, pageOf, StorableText, Timestamp } from './common.ts';
import { Metadata, Outcome, Parameters } from './inference.ts';

/** Lines of one batch. */
export const maxBatchItems = 50_000;
/** Questions that all lines, targets and repetitions of one batch may come to. */
export const maxBatchQuestions = 1_000_000;

export const BatchStatus = z
  .enum(['queued', 'running', 'paused', 'cancelling', 'cancelled', 'completed'])
  .meta({
    id: 'BatchStatus',
    description:
      '`completed`: every item has an outcome, failed ones included. `cancelling`: questions under way are waited for.',
  });
export type BatchStatus = z.infer<typeof BatchStatus>;

export const BatchTarget = z
  .strictObject({ provider: ProviderName, model: ModelName, parameters: Parameters.optional() })
  .meta({ id: 'BatchTarget' });
export type BatchTarget = z.infer<typeof BatchTarget>;

export const NewBatchTarget = BatchTarget.partial({ model: true }).meta({
  id: 'NewBatchTarget',
  description: "Without `model`: the one that all lines of a file in OpenAI's batch format name.",
});

export const OnUnknown = z.enum(['resend', 'missing']).meta({
  id: 'OnUnknown',
  description:
    'What becomes of an item whose answer was lost with its worker: ask again, or count as missing.',
});
export type OnUnknown = z.infer<typeof OnUnknown>;

export const BatchDefinition = z
  .strictObject({
    name: StorableText.trim().min(1).max(200).optional(),
    targets: z.array(NewBatchTarget).min(1).max(50),
    /** Independent samples of each question. */
    repetitions: z.number().int().min(1).max(1000).default(1),
    /** Items with equal questions are asked once for each target and repetition, and share the answer. */
    shareIdentical: z.boolean().default(false),
    /** Calls at once, over all targets. */
    concurrency: z.number().int().min(1).max(512).default(32),
    /** Hard limit in USD; what does not fit any more ends as `budget_skipped`. */
    maxCostUsd: Money.regex(
      /^\d{1,12}(\.\d{1,12})?$/,
      'must not be negative; up to 12 digits before and after the point',
    ).optional(),
    /** Hard limit of input and output tokens together. */
    maxTokens: z.number().int().min(1).max(1_000_000_000_000).optional(),
    /** How often an item is asked before a failure that might pass is final. A refusal for haste (429) does not count. */
    maxAttempts: z.number().int().min(1).max(20).default(5),
    /** How long one question may take; a worker must end well before the platform ends it. */
    deadlineMs: z.number().int().min(100).max(300_000).optional(),
    onUnknown: OnUnknown.default('resend'),
    metadata: Metadata.optional(),
  })
  .meta({ id: 'BatchDefinition' });
export type BatchDefinition = z.infer<typeof BatchDefinition>;

const batchItems = z.array(BatchItemInput).min(1).max(maxBatchItems);

/** Questions in the request itself, or those of a completed upload. */
export const CreateBatch = BatchDefinition.extend({ items: batchItems.optional(), uploadId: Id.optional() })
  .refine((batch) => (batch.items === undefined) !== (batch.uploadId === undefined), {
    message: 'give exactly one of items and uploadId',
    path: ['items'],
  })
  .meta({ id: 'CreateBatch' });
export type CreateBatch = z.infer<typeof CreateBatch>;

/** What a schedule starts, again and again: its questions are its own, because uploads expire. */
export const ScheduledBatch = BatchDefinition.extend({ items: batchItems }).meta({ id: 'ScheduledBatch' });
export type ScheduledBatch = z.infer<typeof ScheduledBatch>;

/** Where `planned = pending + inProgress + the sum of outcomes` holds at every moment. */
export const BatchCounts = z
  .object({
    planned: z.number().int(),
    pending: z.number().int(),
    inProgress: z.number().int(),
    outcomes: z.record(Outcome, z.number().int()),
    /** Settled in the last minute. */
    settledLastMinute: z.number().int(),
  })
  .meta({ id: 'BatchCounts' });
export type BatchCounts = z.infer<typeof BatchCounts>;

export const BatchSpend = z
  .object({
    /** Sum of the known costs of all its inferences, those asked again included. */
    costUsd: Money,
    /** Inferences whose cost is unknown: `costUsd` leaves them out. */
    unknownCostCount: z.number().int(),
    inputTokens: z.number().int(),
    outputTokens: z.number().int(),
    /** What counts against the caps: an unknown cost counts with its upper bound. Null without a cap. */
    budget: z
      .object({
        maxCostUsd: Money.nullable(),
        maxTokens: z.number().int().nullable(),
        spentUsd: Money,
        reservedUsd: Money,
        spentTokens: z.number().int(),
        reservedTokens: z.number().int(),
      })
      .nullable(),
  })
  .meta({ id: 'BatchSpend' });
export type BatchSpend = z.infer<typeof BatchSpend>;

export const Batch = z
  .object({
    id: Id,
    name: z.string().nullable(),
    status: BatchStatus,
    /** Raised by each restart of its orchestration. */
    generation: z.number().int(),
    targets: z.array(BatchTarget),
    repetitions: z.number().int(),
    shareIdentical: z.boolean(),
    concurrency: z.number().int(),
    onUnknown: OnUnknown,
    maxCostUsd: Money.nullable(),
    maxTokens: z.number().int().nullable(),
    maxAttempts: z.number().int(),
    /** null: as configured. */
    deadlineMs: z.number().int().nullable(),
    metadata: Metadata,
    apiKeyId: Id.nullable(),
    planned: z.number().int(),
    createdAt: Timestamp,
    startedAt: Timestamp.nullable(),
    /** When an item was last settled, or the batch started or resumed. */
    progressedAt: Timestamp,
    finishedAt: Timestamp.nullable(),
  })
  .meta({ id: 'Batch' });
export type Batch = z.infer<typeof Batch>;

export const BatchDetail = Batch.extend({
  counts: BatchCounts,
  spend: BatchSpend,
  /** Items settled in a second, over the last minute of its running; null before the first one. */
  itemsPerSecond: z.number().nullable(),
  /** When the rest would be done at that rate; null when that cannot be told. */
  etaSeconds: z.number().nullable(),
}).meta({ id: 'BatchDetail' });
export type BatchDetail = z.infer<typeof BatchDetail>;

export const BatchPage = pageOf(Batch).meta({ id: 'BatchPage' });
export type BatchPage = z.infer<typeof BatchPage>;

export const BatchEstimate = z
  .object({
    planned: z.number().int(),
    /** Less than `planned` where identical items share an answer. */
    asked: z.number().int(),
    targets: z.array(
      z.object({
        provider: ProviderName,
        model: ModelName,
        asked: z.number().int(),
        /** A guess: four UTF-8 bytes to a token. */
        inputTokens: z.number().int(),
        /** No input has more tokens than this: one to a byte. */
        maxInputTokens: z.number().int(),
        maxOutputTokens: z.number().int(),
        /** What the guessed input alone would cost; null: the price is unknown. */
        inputCostUsd: Money.nullable(),
        /** It cannot cost more, unless it is asked again; null: the price is unknown. */
        maxCostUsd: Money.nullable(),
      }),
    ),
    /** null as soon as a target's price is unknown. */
    inputCostUsd: Money.nullable(),
    maxCostUsd: Money.nullable(),
  })
  .meta({ id: 'BatchEstimate', description: 'What a batch may come to, before it is started.' });
export type BatchEstimate = z.infer<typeof BatchEstimate>;

export const RetryBatch = z
  .strictObject({
    /** Items with these outcomes are asked again; left out: all that brought no answer. */
    outcomes: z
      .array(Outcome.exclude(['ok']))
      .min(1)
      .max(8)
      .optional(),
  })
  .meta({ id: 'RetryBatch' });
export type RetryBatch = z.infer<typeof RetryBatch>;

export const BatchReconciliation = z
  .object({
    planned: z.number().int(),
    rows: z.number().int(),
    pending: z.number().int(),
    inProgress: z.number().int(),
    settled: z.number().int(),
    /** Settled items whose outcome is not that of their inference; must be 0. */
    outcomeMismatches: z.number().int(),
    /** Sum over the inferences, and over the calls they are made of. */
    inferenceCostUsd: Money,
    attemptCostUsd: Money,
    /** What the budget says it has spent, and what its reservations say; null without a cap. */
    budgetSpentUsd: Money.nullable(),
    reservationSpentUsd: Money.nullable(),
    holds: z.boolean(),
  })
  .meta({ id: 'BatchReconciliation', description: 'Proof that the headline is the sum of the rows.' });
export type BatchReconciliation = z.infer<typeof BatchReconciliation>;
