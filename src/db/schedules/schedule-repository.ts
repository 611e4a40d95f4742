import type { Schedule, ScheduleFiring, UpdateSchedule } from '../../contract/schedule.ts';
import type { NewBatch, NewBatchInput } from '../batches/batch-repository.ts';
import type { Page, PageRequest } from '../runs/inference-repository.ts';

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
  start: NewFiringBatch | null;
  /** Whether it may start only while every other batch of the schedule is finished. */
  startsAlone: boolean;
};

export type NewFiringBatch = {
  batch: NewBatch;
  inputs: Iterable<NewBatchInput> | AsyncIterable<NewBatchInput>;
};

export type FiringRef = { scheduleId: string; fireTime: Date };

export type ScheduleRepository = {
  insertSchedule(schedule: NewSchedule): Promise<Schedule>;
  findSchedule(id: string): Promise<Schedule | null>;
  listSchedules(page: PageRequest): Promise<Page<Schedule>>;
  /** What is left out stays. @returns null when there is no such schedule. */
  updateSchedule(id: string, change: ScheduleChange): Promise<Schedule | null>;
  /** Its firings and batches stay. @returns whether there was one. */
  deleteSchedule(id: string, at: Date): Promise<boolean>;
  /** Ids of enabled ones whose next firing is due, longest due first. */
  listDueSchedules(now: Date, limit: number): Promise<string[]>;
  /** Whether a batch that the schedule started is not finished. */
  hasRunningBatch(scheduleId: string): Promise<boolean>;
  /**
   * Records a planned firing, starts its batch and plans the next one.
   * @returns false, and nothing is stored: the schedule does not stand at this firing any more (it has been recorded, or the
   *   schedule changed, switched off or deleted), or a batch that should start alone would not
   */
  recordFiring(firing: NewFiring): Promise<boolean>;
  /** Starts a firing that waited. @returns false: it is not waiting any more, its schedule is switched off, or a batch of it is not finished */
  startQueuedFiring(firing: FiringRef & { decidedAt: Date }, start: NewFiringBatch): Promise<boolean>;
  /** Leaves out a firing that waited. @returns false: it is not waiting any more */
  skipQueuedFiring(firing: FiringRef & { decidedAt: Date; detail: string }): Promise<boolean>;
  listFirings(scheduleId: string, limit: number): Promise<ScheduleFiring[]>;
  /** The oldest waiting firing of each enabled schedule whose batches are all finished, longest waiting first. */
  listQueuedFirings(limit: number): Promise<ScheduleFiring[]>;
  /** Whether it is this caller's turn: true once in `intervalMs`, over all processes. */
  claimTick(name: string, now: Date, intervalMs: number): Promise<boolean>;
};
