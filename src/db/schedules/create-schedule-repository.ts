import type { DatabasePool } from 'slonik';
import * as firings from './firing-queries.ts';
import * as schedules from './schedule-queries.ts';
import type { ScheduleRepository } from './schedule-repository.ts';

/** Schedules, their firings and the tick over whatever `connect` gives. */
export const createScheduleRepository = (connect: () => Promise<DatabasePool>): ScheduleRepository => ({
  insertSchedule: async (schedule) => schedules.insertSchedule(await connect(), schedule),
  findSchedule: async (id) => schedules.findSchedule(await connect(), id),
  listSchedules: async (page) => schedules.listSchedules(await connect(), page),
  updateSchedule: async (id, change) => schedules.updateSchedule(await connect(), id, change),
  deleteSchedule: async (id, at) => schedules.deleteSchedule(await connect(), id, at),
  listDueSchedules: async (now, limit) => schedules.listDueSchedules(await connect(), now, limit),
  hasRunningBatch: async (scheduleId) => schedules.hasRunningBatch(await connect(), scheduleId),
  recordFiring: async (firing) =>
    (await connect()).transaction((transaction) => firings.recordFiring(transaction, firing)),
  startQueuedFiring: async (firing, start) =>
    (await connect()).transaction((transaction) => firings.startQueuedFiring(transaction, firing, start)),
  skipQueuedFiring: async (firing) => firings.skipQueuedFiring(await connect(), firing),
  listFirings: async (scheduleId, limit) => firings.listFirings(await connect(), scheduleId, limit),
  listQueuedFirings: async (limit) => firings.listQueuedFirings(await connect(), limit),
  claimTick: async (name, now, intervalMs) => firings.claimTick(await connect(), name, now, intervalMs),
});
