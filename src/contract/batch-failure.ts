import { z } from 'zod';
import { Id } from './common.ts';
import { Outcome } from './inference.ts';

const Count = z.number().int();

/** An item to look at: the first of its kind. */
const ExampleItem = z.object({
  position: Count,
  itemKey: z.string(),
  /** null: it was never sent. */
  inferenceId: Id.nullable(),
});

export const BatchFailureMessage = z
  .object({
    /** null: no answer came, or nothing was sent. */
    httpStatus: Count.nullable(),
    code: z.string().nullable(),
    /** As the example has it; null: the outcome came without an error, such as a refusal. */
    message: z.string().nullable(),
    /** How many of those that were read say the same, words with digits aside. */
    count: Count,
    example: ExampleItem,
  })
  .meta({ id: 'BatchFailureMessage' });

export const BatchFailureCause = z
  .object({
    outcome: Outcome.exclude(['ok']),
    detail: z.string().nullable(),
    targetIndex: Count,
    provider: z.string(),
    model: z.string(),
    /** Items that ended so: all of them. */
    count: Count,
    /** How many of them were read for their messages, in order of position: at most 500. */
    readCount: Count,
    /** The most frequent first, at most 5. */
    messages: z.array(BatchFailureMessage),
  })
  .meta({ id: 'BatchFailureCause', description: 'Items without an answer that have their cause in common.' });
export type BatchFailureCause = z.infer<typeof BatchFailureCause>;

export const BatchFailures = z
  .object({
    failedCount: Count,
    /** The most frequent first, at most 50. */
    causes: z.array(BatchFailureCause),
    omittedCauseCount: Count,
  })
  .meta({ id: 'BatchFailures' });
export type BatchFailures = z.infer<typeof BatchFailures>;
