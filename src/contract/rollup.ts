import { z } from 'zod';
import { Timestamp } from './common.ts';

/** Whole hours that a window touches; without an end: all there are. */
export const RebuildRollups = z
  .strictObject({ from: Timestamp.optional(), to: Timestamp.optional() })
  .meta({ id: 'RebuildRollups' });
export type RebuildRollups = z.infer<typeof RebuildRollups>;

export const RebuiltRollups = z
  .object({
    /** Hours that were added up anew, oldest first. */
    hoursRebuilt: z.number().int(),
    /** Hours of the window that are still to be. */
    hoursRemaining: z.number().int(),
    /** Where it stopped after its time: the `from` to go on with; null: the window is through. */
    nextFrom: Timestamp.nullable(),
  })
  .meta({ id: 'RebuiltRollups' });
export type RebuiltRollups = z.infer<typeof RebuiltRollups>;

/** The last 24 hours where it is left out; at most 31 days. */
export const CheckRollupsQuery = z.strictObject({ from: Timestamp.optional(), to: Timestamp.optional() });
export type CheckRollupsQuery = z.infer<typeof CheckRollupsQuery>;

export const RollupCheck = z
  .object({
    from: Timestamp,
    /** What was compared ends here: with the window, or where time ran out. */
    to: Timestamp,
    isEqual: z.boolean(),
    hoursChecked: z.number().int(),
    /** Hours that wait to be added up, and were left out. */
    hoursPending: z.number().int(),
    differenceCount: z.number().int(),
    /** The first hundred. */
    differences: z.array(
      z.object({
        level: z.enum(['hour', 'day', 'week']),
        start: Timestamp,
        /** Runs of the rows that are wrong, and that ought to be there. */
        rollupRuns: z.number().int(),
        expectedRuns: z.number().int(),
      }),
    ),
    /** The `from` to go on with; null: the window is through. */
    nextFrom: Timestamp.nullable(),
  })
  .meta({ id: 'RollupCheck', description: 'Whether the sums are, to the last digit, those of the runs.' });
export type RollupCheck = z.infer<typeof RollupCheck>;
