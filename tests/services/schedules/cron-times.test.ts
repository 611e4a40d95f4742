import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AppError } from '../../../src/errors.ts';
import { cronTimes } from '../../../src/services/schedules/cron-times.ts';

const timesAfter = (cron: string, timeZone: string, start: string, count: number): (string | undefined)[] => {
  const times = cronTimes(cron, timeZone);
  const found: (string | undefined)[] = [];
  let at: Date | null = new Date(start);
  while (at !== null && found.length < count) {
    at = times.next(at);
    found.push(at?.toISOString().replace(':00.000Z', 'Z'));
  }
  return found;
};

const faultsOf = (cron: string, timeZone = 'UTC') => {
  try {
    cronTimes(cron, timeZone);
    return [];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(error.code).toBe('invalid_request');
    return error.faults.map(({ pointer, message }) => `${pointer} ${message}`);
  }
};

describe('the times of a cron expression', () => {
  it.each([
    ['*/15 9-10 * * MON-FRI', ['2026-06-02T09:00Z', '2026-06-02T09:15Z']],
    ['0 3 * * *', ['2026-06-02T03:00Z', '2026-06-03T03:00Z']],
    ['0 0 L * *', ['2026-06-30T00:00Z', '2026-07-31T00:00Z']],
    ['0 0 * * 5#2', ['2026-06-12T00:00Z', '2026-07-10T00:00Z']],
    // Both days given: either will do, as cron has always had it.
    ['0 0 15 * SUN', ['2026-06-07T00:00Z', '2026-06-14T00:00Z']],
    ['0 0 29 2 *', ['2028-02-29T00:00Z', '2032-02-29T00:00Z']],
    ['0 0 30 2 *', [undefined]],
  ])('%s', (cron, expected) => {
    expect(timesAfter(cron, 'UTC', '2026-06-01T12:00:00Z', 2)).toEqual(expected);
  });

  it('lie strictly after a moment, and up to and including it', () => {
    const { next, latest } = cronTimes('* * * * *', 'UTC');
    expect(next(new Date('2026-06-01T12:00:00.000Z'))).toEqual(new Date('2026-06-01T12:01:00Z'));
    expect(next(new Date('2026-06-01T11:59:59.999Z'))).toEqual(new Date('2026-06-01T12:00:00Z'));
    expect(latest(new Date('2026-06-01T12:00:00.000Z'))).toEqual(new Date('2026-06-01T12:00:00Z'));
    expect(latest(new Date('2026-06-01T11:59:59.999Z'))).toEqual(new Date('2026-06-01T11:59:00Z'));
  });

  it('are the same forwards and backwards, around every change of the clock', () => {
    const moments = ['2026-03-29', '2026-10-25', '2026-03-08', '2026-11-01', '2026-04-05', '2026-10-04'];
    const crons = ['* * * * *', '*/7 * * * *', '30 2 * * *', '0,30 1-3 * * *', '0 */2 * * *', '59 23 * * *'];
    fc.assert(
      fc.property(
        fc.constantFrom(...crons),
        fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC'),
        fc.constantFrom(...moments),
        fc.integer({ min: -43_200_000, max: 43_200_000 }),
        (cron, timeZone, day, offsetMs) => {
          const times = cronTimes(cron, timeZone);
          const now = new Date(Date.parse(`${day}T00:00:00Z`) + offsetMs);
          let last = times.latest(new Date(now.getTime() - 90_000_000));
          for (let at = last; at !== null && at <= now; at = times.next(at)) last = at;
          expect(times.latest(now)).toEqual(last);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('in Europe/Berlin', () => {
  it('a time that March leaves out is made up for when the gap ends', () => {
    const daily = timesAfter('30 2 * * *', 'Europe/Berlin', '2026-03-27T12:00:00Z', 3);
    expect(daily).toEqual(['2026-03-28T01:30Z', '2026-03-29T01:00Z', '2026-03-30T00:30Z']);
    const twice = timesAfter('0,30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 3);
    expect(twice).toEqual(['2026-03-29T01:00Z', '2026-03-30T00:00Z', '2026-03-30T00:30Z']);
  });

  it('a time that October has twice fires once', () => {
    const daily = timesAfter('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2);
    expect(daily).toEqual(['2026-10-25T00:30Z', '2026-10-26T01:30Z']);
  });

  it('a steady rhythm stays steady', () => {
    const spring = timesAfter('30 * * * *', 'Europe/Berlin', '2026-03-29T00:00:00Z', 3);
    expect(spring).toEqual(['2026-03-29T00:30Z', '2026-03-29T01:30Z', '2026-03-29T02:30Z']);
    const autumn = timesAfter('*/30 * * * *', 'Europe/Berlin', '2026-10-25T00:00:00Z', 4);
    expect(autumn).toEqual([
      '2026-10-25T00:30Z',
      '2026-10-25T01:00Z',
      '2026-10-25T01:30Z',
      '2026-10-25T02:00Z',
    ]);
    expect(timesAfter('*/30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 1)).toEqual([
      '2026-03-30T00:00Z',
    ]);
  });
});

describe('what is no cron expression or time zone', () => {
  it.each([
    ['* * * *', 'it has 4'],
    ['*/10 * * * * *', 'it has 6'],
    ['0 0 1 1 * 2027', 'it has 6'],
    ['@daily', 'it has 1'],
    ['2026-01-01T00:00:00Z', 'it has 1'],
    ['61 * * * *', 'is not valid in: minute'],
    ['*/0 25 * * *', 'is not valid in: minute, hour'],
    ['0 0 32 13 8', 'is not valid in: day of the month, month, day of the week'],
    ['0 0 1 * +MON', 'is not valid in: day of the week'],
    ['12:30 * * * *', 'is not valid in: minute'],
    ['/5 \u0000 * * *', 'is not valid in: minute, hour'],
  ])('%j', (cron, message) => {
    expect(faultsOf(cron)).toEqual([expect.stringContaining(`/cron`)]);
    expect(faultsOf(cron)[0]).toContain(message);
  });

  it.each(['Europe/Nowhere', '', '+02:00', 'Berlin', 'Europe/Berlin\u0000'])('zone %j', (timeZone) => {
    expect(faultsOf('0 3 * * *', timeZone)).toEqual([expect.stringContaining('/timeZone is not the name')]);
  });

  it('is named together', () => {
    expect(faultsOf('x', 'y')).toHaveLength(2);
  });
});
