import { z } from 'zod';
import { Id, StorableText } from './common.ts';
import { Inference, InferenceFilter } from './inference.ts';
import { MeaningState } from './meaning.ts';

const limit = z.coerce.number().int().min(1).max(100).default(20);
const { text: words, ...otherFilters } = InferenceFilter.shape;

export const SearchQuery = z
  .strictObject({
    ...otherFilters,
    /** Whole words of prompt or answer, or a part of a word of the prompt. */
    text: words,
    /** Prompts that mean about the same as this. */
    like: StorableText.min(1).max(4000).optional(),
    limit,
  })
  .superRefine(({ text, like }, context) => {
    if ((text === undefined) === (like === undefined)) {
      context.addIssue({ code: 'custom', path: ['text'], message: 'give exactly one of text and like' });
    }
  });
export type SearchQuery = z.infer<typeof SearchQuery>;

export const Highlight = z
  .object({
    /** JSON pointer into the inference: whose text it is. */
    pointer: z.string(),
    /** A part of that text, as it stands there. */
    snippet: z.string(),
    /** What matches, as places in the snippet (UTF-16 code units, `to` exclusive). */
    marks: z.array(z.object({ from: z.number().int(), to: z.number().int() })),
  })
  .meta({ id: 'Highlight', description: 'Where a search matched. Text and numbers, never HTML.' });
export type Highlight = z.infer<typeof Highlight>;

/** More repeats of a prompt are not counted. */
export const mostCountedRepeats = 1000;

export const SearchHit = z
  .object({
    inference: Inference,
    /** Of a search by `text`. */
    highlights: z.array(Highlight),
    /** Cosine of the angle between the prompts' embeddings, 1 for the same direction; null: found by words. */
    similarity: z.number().nullable(),
    /** Inferences with exactly this prompt that the filter keeps, this newest one included, 1,000 at most; null: found by words. */
    repeatCount: z.number().int().nullable(),
  })
  .meta({ id: 'SearchHit' });
export type SearchHit = z.infer<typeof SearchHit>;

export const SearchAnswer = z.object({ data: z.array(SearchHit), meaning: MeaningState }).meta({
  id: 'SearchAnswer',
  description:
    'Best match first. By `text`: whole words, then parts of words, one hit an inference. By `like`: by similarity, one hit a prompt.',
});
export type SearchAnswer = z.infer<typeof SearchAnswer>;

export const SimilarQuery = InferenceFilter.extend({ limit });
export type SimilarQuery = z.infer<typeof SimilarQuery>;

export const SimilarHit = z
  .object({
    inference: Inference,
    similarity: z.number(),
    /** Whether it is the very prompt, asked another time; such inferences are one hit, and the first. */
    isRepeat: z.boolean(),
    /** As of a search; among repeats the inference that was asked about doesn't count. */
    repeatCount: z.number().int(),
  })
  .meta({ id: 'SimilarHit' });
export type SimilarHit = z.infer<typeof SimilarHit>;

export const SimilarAnswer = z
  .object({
    data: z.array(SimilarHit),
    /** Why this prompt has no embedding, so that only its repeats are told; null: it has one. */
    refusal: z.string().nullable(),
    meaning: MeaningState,
  })
  .meta({ id: 'SimilarAnswer', description: 'Most similar first, one hit a prompt.' });
export type SimilarAnswer = z.infer<typeof SimilarAnswer>;

export const DuplicatesQuery = InferenceFilter.extend({
  /** Prompts at least so similar belong together. */
  threshold: z.coerce.number().min(0.5).max(0.999).default(0.95),
  limit,
});
export type DuplicatesQuery = z.infer<typeof DuplicatesQuery>;

export const DuplicateGroup = z
  .object({
    /** Distinct prompts of the group. */
    size: z.number().int(),
    /** The weakest of the similarities that hold the group together. */
    similarity: z.number(),
    /** The beginning of its newest prompt. */
    example: z.string(),
    /** The newest inference of each prompt, newest first, 20 at most. */
    inferenceIds: z.array(Id),
  })
  .meta({ id: 'DuplicateGroup', description: 'Prompts that differ and mean about the same.' });
export type DuplicateGroup = z.infer<typeof DuplicateGroup>;

export const DuplicatesAnswer = z
  .object({
    /** Largest group first. */
    data: z.array(DuplicateGroup),
    /** Groups behind the limit. */
    omittedGroupCount: z.number().int(),
    /** How many distinct prompts were compared with each other: the newest that the filter keeps. */
    examinedCount: z.number().int(),
    /** False: the filter keeps more prompts than are compared. */
    isComplete: z.boolean(),
    meaning: MeaningState,
  })
  .meta({ id: 'DuplicatesAnswer' });
export type DuplicatesAnswer = z.infer<typeof DuplicatesAnswer>;
