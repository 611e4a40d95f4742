import { Cron } from 'croner';

/** The next times of a cron expression, as the scheduler reckons them; empty: the expression or the zone is not valid. */
export const nextFirings = (cron: string, timeZone: string, count: number, from: Date): Date[] => {
  if (cron.trim().split(/\s+/).length !== 5) return [];
  try {
    // The same options as the scheduler's: src/services/schedules/cron-times.ts says why.
    const job = new Cron(cron.trim(), {
      paused: true,
      mode: '5-part',
      timezone: timeZone,
      fixedTimeRule: 'no-wildcard',
    });
    return job.nextRuns(count, from);
  } catch {
    return [];
  }
};
