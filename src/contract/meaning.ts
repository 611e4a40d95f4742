import { z } from 'zod';
import { Money, Timestamp } from './common.ts';

/** How far search by meaning can be relied on. All but `status` is null where no embedding model is configured. */
export const MeaningState = z
  .object({
    /** `indexing`: prompts wait for their embedding, and cannot be found by meaning yet. */
    status: z.enum(['ready', 'indexing', 'not_configured']),
    provider: z.string().nullable(),
    model: z.string().nullable(),
    /** null: not known before the first answer of the model. */
    dimensions: z.number().int().nullable(),
    /** Distinct prompts that can be found. */
    embedded: z.number().int().nullable(),
    /** Prompts that wait, and inferences of which the prompt has not been looked at. */
    pending: z.number().int().nullable(),
    /** Distinct prompts that the model refuses, as too long or filtered. */
    refused: z.number().int().nullable(),
  })
  .meta({ id: 'MeaningState', description: 'What search by meaning knows. A few seconds old at most.' });
export type MeaningState = z.infer<typeof MeaningState>;

export const EmbeddingFailure = z
  .object({ code: z.string(), message: z.string(), at: Timestamp })
  .meta({ id: 'EmbeddingFailure' });
export type EmbeddingFailure = z.infer<typeof EmbeddingFailure>;

export const MeaningReport = z
  .object({
    meaning: MeaningState,
    /** Calls to the embedding model, of all times. */
    calls: z.object({
      count: z.number().int(),
      failedCount: z.number().int(),
      /** Calls of which nobody knows whether they were answered: their process ended. */
      unknownCount: z.number().int(),
      inputCount: z.number().int(),
      /** Sums over what is known; null: nothing is. */
      inputTokens: z.number().int().nullable(),
      costUsd: Money.nullable(),
      unknownCostCount: z.number().int(),
    }),
    refusals: z.array(z.object({ reason: z.string(), count: z.number().int() })),
    lastFailure: EmbeddingFailure.nullable(),
    /** The model is left alone until then; null: it may be asked. */
    blockedUntil: Timestamp.nullable(),
  })
  .meta({ id: 'MeaningReport', description: 'Embeddings: how many, what they cost, and what went wrong.' });
export type MeaningReport = z.infer<typeof MeaningReport>;
