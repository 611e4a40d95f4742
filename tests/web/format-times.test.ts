import { describe, expect, it } from '@jest/globals';
import { formatAgo, formatInZone, toLocalInput, toTimestamp } from '../../web/format/format-times.ts';
import { nextFirings } from '../../web/format/next-firings.ts';

const now = Date.parse('2026-03-01T12:00:00Z');
const at = (seconds: number) => new Date(now - seconds * 1000).toISOString();

describe('times', () => {
  it.each([
    [3, 'now'],
    [42, '42 s ago'],
    [185, '3 min ago'],
    [-7200, 'in 2 h'],
    [200_000, '2 d ago'],
  ])('%d s before now: %s', (seconds, text) => expect(formatAgo(at(seconds), now)).toBe(text));

  it('go through a field and back', () => {
    const timestamp = '2026-03-01T12:34:00.000Z';
    expect(toTimestamp(toLocalInput(timestamp))).toBe(timestamp);
    expect([toLocalInput(undefined), toTimestamp(''), toTimestamp('soon')]).toEqual([
      '',
      undefined,
      undefined,
    ]);
    expect([formatAgo(null, now), toLocalInput('soon')]).toEqual(['–', '']);
  });
});

describe('next firings', () => {
  const from = new Date('2026-03-27T12:00:00Z');

  it('are reckoned in the named zone, over the change of the clock', () => {
    const times = nextFirings('30 2 * * *', 'Europe/Berlin', 3, from);
    expect(times.map((time) => time.toISOString())).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
    expect(formatInZone(times[0] ?? from, 'Europe/Berlin')).toContain('02:30');
  });

  it.each(['* * * *', '* * * * * *', '@daily', '61 * * * *', '0 0 * * X'])('are none for %s', (cron) =>
    expect(nextFirings(cron, 'UTC', 3, from)).toEqual([]),
  );

  it('are none in a zone that does not exist', () =>
    expect(nextFirings('* * * * *', 'Europe/Nowhere', 3, from)).toEqual([]));
});
