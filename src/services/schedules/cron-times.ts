import { Cron } from 'croner';
import { AppError, type FieldFault } from '../../errors.ts';

/** When a schedule fires: always a whole minute. */
export type CronTimes = {
  /** The first time after `after`; null: there is none before the year 10000. */
  next(after: Date): Date | null;
  /** The last time up to and including `until`; null: there was none. */
  latest(until: Date): Date | null;
};

const fieldNames = ['minute', 'hour', 'day of the month', 'month', 'day of the week'] as const;
const fieldShape = /^[\dA-Za-z*,/#?-]+$/;

/** Only calculates: without a function nothing is ever started. */
const parse = (cron: string, timeZone: string): Cron =>
  new Cron(cron, {
    paused: true,
    mode: '5-part',
    timezone: timeZone,
    // A list of hours means those hours of the clock, as a single one does: it is not lost in the hour that is left out in
    // spring, and not taken twice in the one that is repeated in autumn.
    fixedTimeRule: 'no-wildcard',
  });

const isValid = (cron: string): boolean => {
  try {
    parse(cron, 'UTC');
    return true;
  } catch {
    return false;
  }
};

/** croner also takes dates, nicknames and fields for seconds and years; here a cron expression has its five fields. */
const cronFault = (cron: string): string | null => {
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== fieldNames.length)
    return `needs the five fields ${fieldNames.join(', ')}; it has ${fields.length}`;
  const wrong = fieldNames.filter((_, place) => {
    const alone = fields.map((field, index) => (index === place ? field : '*'));
    return !fieldShape.test(fields[place] ?? '') || !isValid(alone.join(' '));
  });
  return wrong.length === 0 ? null : `is not valid in: ${wrong.join(', ')}`;
};

/** Names only: an offset knows no summer time, and whoever means one can say `Etc/GMT-2`. */
const isTimeZone = (timeZone: string): boolean => {
  try {
    return /^[A-Za-z]/.test(timeZone) && new Intl.DateTimeFormat('en', { timeZone }) !== null;
  } catch {
    return false;
  }
};

/**
 * Reads a cron expression of five fields in a time zone.
 *
 * Where the clock jumps forward, an expression whose minutes and hours are single values, lists or ranges fires at the first
 * moment after the gap; one with a `*` or a step there goes on as if the left-out times did not exist. Where the clock is set
 * back, the former fires in the first of the two hours only, the latter in both.
 * @throws {AppError} invalid_request with faults at `/cron` and `/timeZone`
 */
export const cronTimes = (cron: string, timeZone: string): CronTimes => {
  const inCron = cronFault(cron);
  const faults: FieldFault[] = [
    ...(inCron === null ? [] : [{ pointer: '/cron', message: inCron }]),
    ...(isTimeZone(timeZone)
      ? []
      : [{ pointer: '/timeZone', message: 'is not the name of a time zone, such as Europe/Berlin' }]),
  ];
  if (faults.length > 0) throw new AppError('invalid_request', 'The schedule has no such times.', { faults });
  const job = parse(cron, timeZone);
  return {
    next: (after) => job.nextRun(after),
    // What croner calls previous lies strictly before.
    latest: (until) => job.previousRuns(1, new Date(until.getTime() + 1))[0] ?? null,
  };
};
