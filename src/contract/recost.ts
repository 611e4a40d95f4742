import { z } from 'zod';
import { Money } from './common.ts';
import { InferenceFilter } from './inference.ts';

export const RecostRuns = z
  .strictObject({
    filter: InferenceFilter.default({}),
    /** `unknown`: only runs without a cost. `all`: every run, by the prices that were in force. */
    runs: z.enum(['unknown', 'all']).default('unknown'),
    /** Only tells what it would do. */
    preview: z.boolean().optional(),
    cursor: z.string().min(1).max(500).optional(),
  })
  .meta({ id: 'RecostRuns' });
export type RecostRuns = z.infer<typeof RecostRuns>;

export const RecostReport = z
  .object({
    examinedCount: z.number().int(),
    /** Of a preview: runs that would change. */
    changedCount: z.number().int(),
    /** Examined runs whose cost is still unknown. */
    unknownCount: z.number().int(),
    /** Sums of what is known of the examined runs, before and after; null: nothing is. */
    costUsdBefore: Money.nullable(),
    costUsdAfter: Money.nullable(),
    /** Where it stopped after its time; null: everything was seen. */
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'RecostReport' });
export type RecostReport = z.infer<typeof RecostReport>;
