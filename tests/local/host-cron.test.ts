import { describe, expect, it, jest } from '@jest/globals';
import { parseCronSchedule } from '../../local/host/cron-schedule.ts';
import { createHostReport } from '../../local/host/host-report.ts';
import { parseTimeSpanMs } from '../../local/host/host-settings.ts';
import { startTimers } from '../../local/host/timers.ts';

describe('parseCronSchedule', () => {
  it.each([
    ['0 * * * * *', '2026-01-01T00:00:30Z', '2026-01-01T00:01:00.000Z'],
    ['0 * * * * *', '2026-01-01T00:01:00Z', '2026-01-01T00:02:00.000Z'],
    ['* * * * * *', '2026-01-01T00:00:00.500Z', '2026-01-01T00:00:01.000Z'],
    ['*/15 * * * * *', '2026-01-01T00:00:46Z', '2026-01-01T00:01:00.000Z'],
    ['*/5 * * * *', '2026-01-01T00:01:00Z', '2026-01-01T00:05:00.000Z'],
    ['0 30 9 * * MON-FRI', '2026-01-02T10:00:00Z', '2026-01-05T09:30:00.000Z'],
    ['0 0 0 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['0 0 0 1,15 JAN,JUL *', '2026-01-20T00:00:00Z', '2026-07-01T00:00:00.000Z'],
    // Both must match, unlike Unix cron: the next Friday that is a 13th.
    ['0 0 0 13 * 5', '2026-01-01T00:00:00Z', '2026-02-13T00:00:00.000Z'],
    ['10-20/5 59 23 31 12 *', '2026-01-01T00:00:00Z', '2026-12-31T23:59:10.000Z'],
  ])('%s after %s', (expression, after, next) => {
    expect(parseCronSchedule(expression).next(new Date(after))?.toISOString()).toBe(next);
  });

  it('has no next moment where there is none', () => {
    expect(parseCronSchedule('0 0 0 31 2 *').next(new Date('2026-01-01T00:00:00Z'))).toBeNull();
  });

  it.each(['', '* * * *', '60 * * * * *', '* * * * * 7', 'a * * * * *', '*/0 * * * * *', '5-1 * * * * *'])(
    'refuses %p',
    (expression) => {
      expect(() => parseCronSchedule(expression)).toThrow();
    },
  );
});

describe('parseTimeSpanMs', () => {
  it.each([
    ['00:10:00', 600_000],
    ['1.00:00:01', 86_401_000],
    ['00:00:00.25', 250],
  ])('%s', (text, ms) => expect(parseTimeSpanMs(text)).toBe(ms));
  it('refuses other text', () => expect(() => parseTimeSpanMs('10 minutes')).toThrow());
});

describe('startTimers', () => {
  const functions = (schedule: string) => [
    {
      metadata: {
        name: 'sweep',
        bindings: { t1: { type: 'timerTrigger', direction: 'in' as const, schedule } },
      },
      callback: () => undefined,
    },
  ];

  it('never lets ticks overlap and sends the input of the real host', async () => {
    jest.useFakeTimers({ now: new Date('2026-01-01T00:00:30Z') });
    try {
      const inputs: unknown[] = [];
      let finish: () => void = () => undefined;
      const timers = startTimers({
        functions: functions('0 * * * * *'),
        env: {},
        report: createHostReport(() => undefined),
        invoke: (name, inputData) => {
          inputs.push([name, inputData[0]?.name, JSON.parse(inputData[0]?.data?.json ?? '')]);
          return new Promise((resolve) => {
            finish = () => resolve({ invocationId: 'x' });
          });
        },
      });
      await jest.advanceTimersByTimeAsync(30_000);
      expect(inputs).toEqual([
        [
          'sweep',
          't1',
          {
            Schedule: { AdjustForDST: true },
            ScheduleStatus: {
              Last: '0001-01-01T00:00:00.000Z',
              LastUpdated: '0001-01-01T00:00:00.000Z',
              Next: '2026-01-01T00:02:00.000Z',
            },
            IsPastDue: false,
          },
        ],
      ]);
      await jest.advanceTimersByTimeAsync(150_000);
      expect(inputs).toHaveLength(1);
      finish();
      await jest.advanceTimersByTimeAsync(60_000);
      expect(inputs).toHaveLength(2);
      expect(timers.runByHand('other')).toBe(false);
      timers.stop();
    } finally {
      jest.useRealTimers();
    }
  });

  it('ticks once also when a timer of Node fires a moment too early', async () => {
    jest.useFakeTimers({ now: new Date('2026-01-01T00:00:30Z') });
    try {
      let ticks = 0;
      const timers = startTimers({
        functions: functions('0 * * * * *'),
        env: {},
        report: createHostReport(() => undefined),
        // At the full minute, when the timer fires, the calendar's clock is a moment behind.
        clock: { now: () => new Date(Date.now() % 60_000 === 0 ? Date.now() - 1 : Date.now()) },
        invoke: () => {
          ticks++;
          return Promise.resolve({ invocationId: 'x' });
        },
      });
      await jest.advanceTimersByTimeAsync(90_100);
      expect(ticks).toBe(2);
      timers.stop();
    } finally {
      jest.useRealTimers();
    }
  });

  it('disables a timer whose schedule cannot be resolved, with a warning, and takes settings', () => {
    const report = createHostReport(() => undefined);
    const invoke = () => Promise.resolve({ invocationId: 'x' });
    startTimers({ functions: functions('%WHEN%'), env: {}, report, invoke }).stop();
    expect(report.warnings).toEqual([expect.stringContaining('%WHEN% is not set')]);
    startTimers({ functions: functions('%WHEN%'), env: { WHEN: '0 0 * * * *' }, report, invoke }).stop();
    expect(report.warnings).toHaveLength(1);
  });
});
