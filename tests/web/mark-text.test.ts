import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { markText } from '../../web/format/mark-text.ts';

it('cuts a snippet at its marks', () => {
  expect(markText({ snippet: 'a <b> c', marks: [{ from: 2, to: 5 }] })).toEqual([
    { text: 'a ', isMarked: false },
    { text: '<b>', isMarked: true },
    { text: ' c', isMarked: false },
  ]);
});

it('loses and doubles nothing, whatever the marks', () => {
  const place = fc.integer({ min: -2, max: 30 });
  fc.assert(
    fc.property(
      fc.string({ maxLength: 20 }),
      fc.array(fc.record({ from: place, to: place })),
      (snippet, marks) => {
        const parts = markText({ snippet, marks });
        expect(parts.map(({ text }) => text).join('')).toBe(snippet);
        expect(parts.every(({ text }) => text !== '')).toBe(true);
      },
    ),
  );
});
