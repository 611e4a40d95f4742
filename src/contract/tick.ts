import { z } from 'zod';

/** What the work of a minute came to. */
export const TickReport = z
  .object({
    /** Firings of schedules that were decided: started, skipped or queued. */
    firings: z.number().int(),
    /** Orchestrations started for batches that had none, or one that no longer moves. */
    batchesStarted: z.number().int(),
    /** Batch items taken back from workers that are gone. */
    leasesExpired: z.number().int(),
    reservationsExpired: z.number().int(),
    /** Inferences whose process ended before the answer was recorded. */
    runsSwept: z.number().int(),
    uploadsExpired: z.number().int(),
    exportsExpired: z.number().int(),
    /** Hours of which the figures were added up. */
    hoursRolledUp: z.number().int(),
    /** Prompts that got their embedding; a durable job goes on where more wait. */
    promptsEmbedded: z.number().int(),
  })
  .meta({ id: 'TickReport' });
export type TickReport = z.infer<typeof TickReport>;
