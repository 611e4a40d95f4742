import { z } from 'zod';
import { InferenceFilter } from './inference.ts';

export const RecostRuns = z
  .strictObject({
    filter: InferenceFilter.default({}),
    /** `unknown`: only runs without a cost. `all`: every run, by the prices that were in force. */
    runs: z.enum(['unknown', 'all']).default('unknown'),
    cursor: z.string().min(1).max(500).optional(),
  })
  .meta({ id: 'RecostRuns' });
export type RecostRuns = z.infer<typeof RecostRuns>;

export const RecostReport = z
  .object({
    examinedCount: z.number().int(),
    changedCount: z.number().int(),
    /** Examined runs whose cost is still unknown. */
    unknownCount: z.number().int(),
    /** Where it stopped after its time; null: everything was seen. */
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'RecostReport' });
export type RecostReport = z.infer<typeof RecostReport>;
