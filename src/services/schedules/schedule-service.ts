import type { CreateSchedule, Schedule, ScheduleFiring, UpdateSchedule } from '../../contract/schedule.ts';
import type { Page, PageRequest } from '../../db/runs/inference-repository.ts';

/** Batches that start by themselves. Methods with an id @throw {AppError} not_found. */
export type ScheduleService = {
  /** @throws {AppError} invalid_request for a cron expression, a time zone or a batch that is none */
  create(request: CreateSchedule, caller: { apiKeyId: string | null }): Promise<Schedule>;
  get(id: string): Promise<Schedule>;
  list(page: PageRequest): Promise<Page<Schedule>>;
  /** What is left out stays. @throws {AppError} invalid_request */
  update(id: string, request: UpdateSchedule): Promise<Schedule>;
  delete(id: string): Promise<void>;
  /** The latest first. */
  listFirings(id: string, limit: number): Promise<ScheduleFiring[]>;
  /** Fires what is due, over any number of processes once each. @returns how many firings were decided */
  fireDue(): Promise<number>;
};
