import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hourMs, type Range, studyPieces } from '../../src/db/study/study-pieces.ts';

const start = Date.UTC(2026, 3, 15, 10);
const moment = fc.integer({ min: -400 * hourMs, max: 800 * hourMs }).map((ms) => start + ms);
const someHours = fc.uniqueArray(
  fc.integer({ min: 0, max: 500 }).map((hour) => start + hour * hourMs),
  { maxLength: 40 },
);
const extent: Range = [start, start + 501 * hourMs];

const widths = { hour: hourMs, day: 24 * hourMs, week: 168 * hourMs };
const monday = Date.UTC(2026, 0, 5);

describe('studyPieces', () => {
  it('are the window, each moment once, changed hours from the runs', () => {
    const options = fc.record({
      from: fc.option(moment),
      to: fc.option(moment),
      changed: someHours,
      coarsest: fc.constantFrom('hour' as const, 'day' as const, 'week' as const),
      probes: fc.array(moment, { minLength: 20, maxLength: 20 }),
    });
    fc.assert(
      fc.property(options, ({ from, to, changed, coarsest, probes }) => {
        const { rollups, raw } = studyPieces({ from, to, extent, changed, coarsest });
        for (const { level, range } of rollups) {
          expect(widths[level]).toBeLessThanOrEqual(widths[coarsest]);
          for (const end of range) expect((end - monday) % widths[level]).toBe(0);
        }
        const edges = [from, to, ...changed].filter((at) => at !== null);
        for (const at of [...probes, ...edges]) {
          const holds = ([first, last]: Range) => first <= at && at < last;
          const count = rollups.filter(({ range }) => holds(range)).length + raw.filter(holds).length;
          const isInside = (from === null || at >= from) && (to === null || at < to);
          const hasRuns = holds(extent);
          // The runs are held to the window's own ends, so a raw piece may begin a ms early; and where nothing is, nothing has to be read.
          if (isInside && hasRuns) expect(count).toBe(1);
          if (!isInside) expect(rollups.some(({ range }) => holds(range))).toBe(false);
          expect(count).toBeLessThanOrEqual(1);
          const isChanged = changed.some(
            (hour) => holds([hour, hour + hourMs]) && at >= hour && at < hour + hourMs,
          );
          if (isChanged && isInside) expect(raw.some(holds)).toBe(true);
        }
      }),
    );
  });

  it('are few: whole weeks, the days and hours around them, and the ends', () => {
    const from = monday + 3 * hourMs + 5;
    const to = from + 30 * 24 * hourMs;
    const { rollups, raw } = studyPieces({ from, to, extent: [monday, to], changed: [], coarsest: 'week' });
    expect(rollups.map(({ level }) => level)).toEqual(['hour', 'day', 'week', 'day', 'hour']);
    expect(raw).toHaveLength(2);
  });

  it('are the runs alone where nothing has been added up, and nothing where there is nothing', () => {
    const changed = Array.from({ length: 250 }, (_, index) => start + index * 2 * hourMs);
    const all = studyPieces({ from: null, to: null, extent, changed, coarsest: 'week' });
    expect(all).toMatchObject({ rollups: [], raw: [expect.any(Array)] });
    expect(studyPieces({ from: null, to: null, extent: null, changed: [], coarsest: 'week' })).toEqual({
      rollups: [],
      raw: [],
    });
  });
});
