import { z } from 'zod';
import { Id, Money, PageQuery, pageOf, StorableText, Timestamp } from './common.ts';
import {
  InferenceFailure,
  Message,
  Metadata,
  maxTextLength,
  Outcome,
  Parameters,
  Usage,
} from './inference.ts';

/** The caller's own name of a question; results come back under it. */
export const ItemKey = StorableText.min(1).max(200);

export const BatchItemInput = z
  .strictObject({
    itemKey: ItemKey,
    prompt: StorableText.min(1).max(maxTextLength).optional(),
    messages: z.array(Message).min(1).max(1000).optional(),
    /** Win over those of the target. */
    parameters: Parameters.optional(),
    metadata: Metadata.optional(),
  })
  .refine((item) => (item.prompt === undefined) !== (item.messages === undefined), {
    message: 'give exactly one of prompt and messages',
    path: ['prompt'],
  })
  .meta({ id: 'BatchItemInput', description: 'One question of a batch, asked to every target.' });
export type BatchItemInput = z.infer<typeof BatchItemInput>;

export const BatchItemState = z
  .enum(['pending', 'in_progress', 'settled'])
  .meta({ id: 'BatchItemState', description: '`in_progress`: a worker has taken it.' });

export const BatchItem = z
  .object({
    batchId: Id,
    /** Place in the batch, from 0: all targets of a repetition of an item stand together. */
    position: z.number().int(),
    itemKey: z.string(),
    targetIndex: z.number().int(),
    provider: z.string(),
    model: z.string(),
    repetition: z.number().int(),
    state: BatchItemState,
    outcome: Outcome.nullable(),
    detail: z.string().nullable(),
    /** How often it has been asked since the batch, or its retry, began. */
    attempts: z.number().int(),
    /** The inference that answered, or the latest one that tried. */
    inferenceId: Id.nullable(),
    /** Position of the identical item whose answer this one shares; null: asked for itself. */
    sharedFrom: z.number().int().nullable(),
    /** It is not asked before this moment; null: whenever there is room. */
    notBefore: Timestamp.nullable(),
    settledAt: Timestamp.nullable(),
    metadata: Metadata,
  })
  .meta({ id: 'BatchItem', description: 'One question to one target, one repetition.' });
export type BatchItem = z.infer<typeof BatchItem>;

export const BatchItemPage = pageOf(BatchItem).meta({ id: 'BatchItemPage' });
export type BatchItemPage = z.infer<typeof BatchItemPage>;

/** Stands for "without a detail" where one can be asked for. */
export const noDetail = 'none';

export const BatchItemFilter = z.strictObject({
  outcome: Outcome.optional(),
  state: BatchItemState.optional(),
  detail: StorableText.min(1)
    .max(100)
    .optional()
    .meta({ description: `Closer cause of the outcome; \`${noDetail}\`: items without one.` }),
  targetIndex: z.coerce.number().int().min(0).max(9999).optional(),
});
export type BatchItemFilter = z.infer<typeof BatchItemFilter>;

export const ListBatchItemsQuery = BatchItemFilter.extend(PageQuery);

export const BatchResult = BatchItem.extend({
  text: z.string().nullable(),
  finishReason: z.string().nullable(),
  servedModel: z.string().nullable(),
  usage: Usage.nullable(),
  costUsd: Money.nullable(),
  latencyMs: z.number().nullable(),
  error: InferenceFailure.nullable(),
}).meta({ id: 'BatchResult', description: 'A settled item with what was answered.' });
export type BatchResult = z.infer<typeof BatchResult>;

export const ListBatchResultsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
  cursor: z.string().min(1).max(500).optional(),
  format: z.enum(['native', 'openai']).default('native').meta({
    description: "`native`: a BatchResult a line. `openai`: a line of OpenAI's batch output files.",
  }),
});
