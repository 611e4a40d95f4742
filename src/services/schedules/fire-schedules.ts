import type { Schedule } from '../../contract/schedule.ts';
import type { NewFiring, ScheduleRepository } from '../../db/schedules/schedule-repository.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { StartBatch } from '../batches/batch-conductor.ts';
import { cronTimes } from './cron-times.ts';
import { isLate, missedFiring } from './missed-firing.ts';
import type { PlanFiring } from './plan-firing.ts';

/** Of one schedule in one tick: what catches up on a long stop leaves the others their turn. */
const mostFirings = 50;
const mostSchedules = 1000;

export type FireSchedulesDependencies = {
  repository: Pick<
    ScheduleRepository,
    | 'findSchedule'
    | 'listDueSchedules'
    | 'hasRunningBatch'
    | 'recordFiring'
    | 'listQueuedFirings'
    | 'startQueuedFiring'
    | 'skipQueuedFiring'
  >;
  planFiring: PlanFiring;
  startBatch: StartBatch;
  logger: Logger;
  /** Epoch ms. */
  now: () => number;
};

/**
 * One round over all schedules: first what waited for a batch before it, then what is due, so that firings keep their order.
 * Any number of processes may do it at once; each firing is decided by one. @returns how many were decided
 */
export const createFireSchedules = (dependencies: FireSchedulesDependencies): (() => Promise<number>) => {
  const { repository, planFiring, startBatch, logger, now } = dependencies;

  const decide = async (schedule: Schedule, fireTime: Date): Promise<NewFiring> => {
    const decidedAt = new Date(now());
    const times = cronTimes(schedule.cron, schedule.timeZone);
    const startsAlone = schedule.overlap !== 'allow';
    const firing = { scheduleId: schedule.id, fireTime, decidedAt, start: null, startsAlone: false };
    const missed = missedFiring({ times, catchUp: schedule.catchUp, fireTime, now: decidedAt });
    if (missed !== null) return { ...firing, status: 'skipped', ...missed };
    const nextFireAt = times.next(fireTime);
    if (startsAlone && (await repository.hasRunningBatch(schedule.id))) {
      return schedule.overlap === 'queue'
        ? { ...firing, status: 'queued', detail: null, nextFireAt }
        : { ...firing, status: 'skipped', detail: 'overlap', nextFireAt };
    }
    const planned = await planFiring(schedule, fireTime);
    if ('refusal' in planned) return { ...firing, status: 'skipped', detail: planned.refusal, nextFireAt };
    const status = isLate(fireTime, decidedAt) ? 'late' : 'started';
    return { ...firing, status, detail: null, nextFireAt, start: planned.start, startsAlone };
  };

  const fireDueOf = async (scheduleId: string): Promise<number> => {
    let decided = 0;
    let schedule = await repository.findSchedule(scheduleId);
    for (let attempt = 0; attempt < mostFirings; attempt += 1) {
      if (schedule === null || !schedule.enabled || schedule.nextFireAt === null) break;
      const fireTime = new Date(schedule.nextFireAt);
      if (fireTime.getTime() > now()) break;
      const firing = await decide(schedule, fireTime);
      if (await repository.recordFiring(firing)) {
        decided += 1;
        if (firing.start !== null) await startBatch({ ...firing.start.batch, generation: 1 });
        schedule = { ...schedule, nextFireAt: firing.nextFireAt?.toISOString() ?? null };
      } else {
        // Somebody else was here in the meantime: what is left to do?
        schedule = await repository.findSchedule(scheduleId);
      }
    }
    return decided;
  };

  const startQueued = async (scheduleId: string, fireTime: Date): Promise<number> => {
    const schedule = await repository.findSchedule(scheduleId);
    if (schedule === null) return 0;
    const planned = await planFiring(schedule, fireTime);
    const firing = { scheduleId, fireTime, decidedAt: new Date(now()) };
    if ('refusal' in planned) {
      return Number(await repository.skipQueuedFiring({ ...firing, detail: planned.refusal }));
    }
    if (!(await repository.startQueuedFiring(firing, planned.start))) return 0;
    await startBatch({ ...planned.start.batch, generation: 1 });
    return 1;
  };

  /** One bad schedule must not keep the others from firing. */
  const guarded = async (scheduleId: string, work: () => Promise<number>): Promise<number> => {
    try {
      return await work();
    } catch (error) {
      logger.error('schedule not fired', { scheduleId, error });
      return 0;
    }
  };

  return async () => {
    let decided = 0;
    for (const { scheduleId, fireTime } of await repository.listQueuedFirings(mostSchedules)) {
      decided += await guarded(scheduleId, () => startQueued(scheduleId, new Date(fireTime)));
    }
    for (const scheduleId of await repository.listDueSchedules(new Date(now()), mostSchedules)) {
      decided += await guarded(scheduleId, () => fireDueOf(scheduleId));
    }
    return decided;
  };
};
