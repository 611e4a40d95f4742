import { z } from 'zod';
import { StorableText } from './common.ts';
import { Inference, InferenceFilter } from './inference.ts';

export const SearchQuery = InferenceFilter.extend({
  /** Whole words of prompt or answer, or a part of a word of the prompt. */
  text: StorableText.min(1).max(500),
  limit: z.coerce.number().int().min(1).max(100).default(20),
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

export const SearchHit = z
  .object({ inference: Inference, highlights: z.array(Highlight) })
  .meta({ id: 'SearchHit' });
export type SearchHit = z.infer<typeof SearchHit>;

export const SearchAnswer = z
  .object({ data: z.array(SearchHit) })
  .meta({ id: 'SearchAnswer', description: 'Best match first: whole words, then parts of words.' });
export type SearchAnswer = z.infer<typeof SearchAnswer>;
