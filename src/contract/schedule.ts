import { z } from 'zod';
import { ScheduledBatch } from './batch.ts';
import { Id, pageOf, StorableText, Timestamp } from './common.ts';

const scheduleShape = {
  name: StorableText.trim().min(1).max(200),
  cron: z.string().trim().min(1).max(200),
  /** IANA name, such as `Europe/Berlin`. */
  timeZone: z.string().min(1).max(100),
  batch: ScheduledBatch,
  /** While its last batch is not finished: leave the firing out, start it afterwards, or start it anyway. */
  overlap: z.enum(['skip', 'queue', 'allow']),
  /** Of firings missed while nothing ran: start none, the latest, or all. */
  catchUp: z.enum(['none', 'latest', 'all']),
  enabled: z.boolean(),
};

export const CreateSchedule = z
  .strictObject({
    ...scheduleShape,
    timeZone: scheduleShape.timeZone.default('UTC'),
    overlap: scheduleShape.overlap.default('skip'),
    catchUp: scheduleShape.catchUp.default('latest'),
    enabled: scheduleShape.enabled.default(true),
  })
  .meta({ id: 'CreateSchedule' });
export type CreateSchedule = z.infer<typeof CreateSchedule>;

export const UpdateSchedule = z.strictObject(scheduleShape).partial().meta({ id: 'UpdateSchedule' });
export type UpdateSchedule = z.infer<typeof UpdateSchedule>;

export const Schedule = z
  .object({
    id: Id,
    ...scheduleShape,
    apiKeyId: Id.nullable(),
    /** The next planned firing; null: none is left, or it is switched off. */
    nextFireAt: Timestamp.nullable(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: 'Schedule' });
export type Schedule = z.infer<typeof Schedule>;

export const SchedulePage = pageOf(Schedule).meta({ id: 'SchedulePage' });
export type SchedulePage = z.infer<typeof SchedulePage>;

export const ScheduleFiring = z
  .object({
    scheduleId: Id,
    fireTime: Timestamp,
    /** `late`: started, but not in its minute. `queued`: starts when the batch before it is finished. */
    status: z.enum(['started', 'late', 'queued', 'skipped']),
    detail: z.string().nullable(),
    batchId: Id.nullable(),
    decidedAt: Timestamp,
  })
  .meta({ id: 'ScheduleFiring', description: 'What became of one planned firing.' });
export type ScheduleFiring = z.infer<typeof ScheduleFiring>;

export const ScheduleFiringList = z
  .object({ data: z.array(ScheduleFiring) })
  .meta({ id: 'ScheduleFiringList', description: 'The latest firings first.' });
export type ScheduleFiringList = z.infer<typeof ScheduleFiringList>;
