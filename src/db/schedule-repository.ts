import type { Schedule, ScheduleFiring, UpdateSchedule } from '../contract/schedule.ts';
import type { NewBatch, NewBatchInput } from './batch-repository.ts';
import type { Page, PageRequest } from './inference-repository.ts';

export type NewSchedule = Omit<Schedule, 'createdAt' | 'updatedAt' | 'nextFireAt'> & {
  createdAt: Date;
  nextFireAt: Date | null;
};

export type ScheduleChange = UpdateSchedule & { updatedAt: Date; nextFireAt?: Date | null | undefined };

export type NewFiring = {
  scheduleId: string;
  fireTime: Date;
  status: ScheduleFiring['status'];
  detail: string | null;
  decidedAt: Date;
  /** The firing planned after this one. */
  nextFireAt: Date | null;
  /** What it starts, in the same transaction. */
  start: { batch: NewBatch; inputs: Iterable<NewBatchInput> | AsyncIterable<NewBatchInput> } | null;
};

export type ScheduleRepository = {
  insertSchedule(schedule: NewSchedule): Promise<Schedule>;
  findSchedule(id: string): Promise<Schedule | null>;
  listSchedules(page: PageRequest): Promise<Page<Schedule>>;
  /** What is left out stays. @returns null when there is no such schedule. */
  updateSchedule(id: string, change: ScheduleChange): Promise<Schedule | null>;
  /** Its firings and batches stay. @returns whether there was one. */
  deleteSchedule(id: string, at: Date): Promise<boolean>;
  /** Enabled ones whose next firing is due, longest due first. */
  listDueSchedules(now: Date, limit: number): Promise<Schedule[]>;
  /** Whether a batch that the schedule started is not finished. */
  hasRunningBatch(scheduleId: string): Promise<boolean>;
  /** Records a planned firing, starts its batch and plans the next one. @returns false when it had been recorded before. */
  recordFiring(firing: NewFiring): Promise<boolean>;
  /** Starts the oldest firing that waited for the batch before it. @returns false when it is not waiting any more. */
  startQueuedFiring(
    firing: { scheduleId: string; fireTime: Date; decidedAt: Date },
    start: NonNullable<NewFiring['start']>,
  ): Promise<boolean>;
  listFirings(scheduleId: string, limit: number): Promise<ScheduleFiring[]>;
  /** Waiting firings of schedules whose batches are all finished. */
  listQueuedFirings(limit: number): Promise<ScheduleFiring[]>;
  /** Whether it is this caller's turn: true once in `intervalMs`, over all processes. */
  claimTick(name: string, now: Date, intervalMs: number): Promise<boolean>;
};
