import type { StudyRepository } from '../../db/study/study-repository.ts';
import { AppError } from '../../errors.ts';
import type { StudyService } from './study-service.ts';

/** What is added up, or compared, in one transaction: a second's work, or a few. */
const step = { mostHours: 100, mostRuns: 20_000 };
/** A tick has other work too; the next one goes on. */
const rollUpMs = 20_000;
/** A request may wait a little longer; its caller goes on with `nextFrom`. */
const requestMs = 60_000;
const dayMs = 86_400_000;
const longestCheckMs = 31 * dayMs;
const mostDifferences = 100;
/** The database knows no year 0. */
const firstMoment = Date.parse('0001-01-01T00:00:00Z');

/** How sums are kept up, in steps: between two of them readers find every hour whole, as it was or as it is now. */
export const createStudyUpkeep = (
  repository: StudyRepository,
  now: () => number,
): Pick<StudyService, 'rollUp' | 'rebuildRollups' | 'checkRollups'> => ({
  rollUp: async () => {
    const until = now() + rollUpMs;
    let hours = 0;
    for (;;) {
      const count = await repository.rollUp(new Date(now()), step);
      hours += count ?? 0;
      if (count === null || count === 0 || now() >= until) return hours;
    }
  },

  rebuildRollups: async ({ from = null, to = null }) => {
    const until = now() + requestMs;
    let hoursRebuilt = 0;
    for (let nextFrom: string | null = from; ; ) {
      const { hours, next } = await repository.rebuildHours({ from: nextFrom, to }, step);
      hoursRebuilt += hours;
      if (next === null) return { hoursRebuilt, hoursRemaining: 0, nextFrom: null };
      nextFrom = next;
      if (now() < until) continue;
      const hoursRemaining = await repository.countHours({ from: nextFrom, to });
      return { hoursRebuilt, hoursRemaining, nextFrom: hoursRemaining === 0 ? null : nextFrom };
    }
  },

  checkRollups: async ({ from: givenFrom, to: givenTo }) => {
    const to = givenTo ?? new Date(now()).toISOString();
    const from = givenFrom ?? new Date(Math.max(firstMoment, Date.parse(to) - dayMs)).toISOString();
    const ms = Date.parse(to) - Date.parse(from);
    if (ms < 0 || ms > longestCheckMs) {
      const message = 'a window of at most 31 days, its end behind its beginning';
      throw new AppError('invalid_request', `Check ${message}.`, { faults: [{ pointer: '?from', message }] });
    }
    const until = now() + requestMs;
    const report = { hoursChecked: 0, hoursPending: 0, differenceCount: 0 };
    const found = [];
    for (let nextFrom = from; ; ) {
      const { differences, next, ...hours } = await repository.checkRollups({ from: nextFrom, to }, step);
      report.hoursChecked += hours.hoursChecked;
      report.hoursPending += hours.hoursPending;
      report.differenceCount += differences.length;
      found.push(...differences.slice(0, mostDifferences - found.length));
      if (next === null || now() >= until) {
        const isEqual = report.differenceCount === 0;
        return { from, to: next ?? to, isEqual, ...report, differences: found, nextFrom: next };
      }
      nextFrom = next;
    }
  },
});
