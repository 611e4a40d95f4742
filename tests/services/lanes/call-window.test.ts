import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CallVerdict, createCallWindow } from '../../../src/services/lanes/call-window.ts';

const verdict = fc.constantFrom<CallVerdict>('well', 'hasty', 'broken');
const note = (window: ReturnType<typeof createCallWindow>, verdicts: readonly CallVerdict[]) => {
  for (const each of verdicts) window.note(each);
  return window.size;
};
const times = (count: number, each: CallVerdict) => Array<CallVerdict>(count).fill(each);

describe('the window of calls', () => {
  it('stays a whole number from one to the most, whatever happens', () => {
    fc.assert(
      fc.property(
        fc.array(verdict, { maxLength: 300 }),
        fc.integer({ min: 1, max: 64 }),
        (verdicts, most) => {
          const window = createCallWindow({ first: 1, most });
          for (const each of verdicts) {
            window.note(each);
            expect(Number.isInteger(window.size)).toBe(true);
            expect(window.size).toBeGreaterThanOrEqual(1);
            expect(window.size).toBeLessThanOrEqual(most);
          }
        },
      ),
    );
  });

  it('never shrinks by an answer, never grows by anything else', () => {
    fc.assert(
      fc.property(fc.array(verdict, { maxLength: 100 }), verdict, (verdicts, last) => {
        const window = createCallWindow({ first: 4, most: 32 });
        const before = note(window, verdicts);
        const after = note(window, [last]);
        if (last === 'well') expect(after).toBeGreaterThanOrEqual(before);
        else expect(after).toBeLessThanOrEqual(before);
      }),
    );
  });

  it('is open again after enough answers, whatever came before', () => {
    fc.assert(
      fc.property(fc.array(verdict, { maxLength: 100 }), (verdicts) => {
        const window = createCallWindow({ first: 1, most: 16 });
        note(window, verdicts);
        expect(note(window, times(400, 'well'))).toBe(16);
      }),
    );
  });

  it('opens within three rounds of answers at the start', () => {
    const window = createCallWindow({ first: 1, most: 16 });
    for (let round = 0; round < 3; round += 1) note(window, times(window.size, 'well'));
    expect(window.size).toBe(16);
  });

  it('is halved once by refusals that come together, and grows by one a round from there', () => {
    const window = createCallWindow({ first: 16, most: 16 });
    expect(note(window, times(16, 'hasty'))).toBe(8);
    expect(note(window, times(9, 'well'))).toBe(9);
    expect(note(window, times(10, 'well'))).toBe(10);
  });

  it('is not moved by a single failure, and falls to one call when nothing but failures come', () => {
    const window = createCallWindow({ first: 16, most: 16 });
    expect(note(window, ['broken', 'well', 'broken', 'broken', 'well'])).toBe(16);
    expect(note(window, times(5, 'broken'))).toBe(1);
    expect(note(window, times(50, 'broken'))).toBe(1);
  });
});
