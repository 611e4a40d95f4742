import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { highlightText } from '../../../src/services/search/highlight-text.ts';

describe('a highlight', () => {
  it('is short, begins before the match, and marks words that stand alone', () => {
    const text = `${'x '.repeat(500)}the cat, category and CAT. ${'y '.repeat(500)}`;
    const found = highlightText(text, 'a cat');
    expect(found?.snippet.length).toBeLessThanOrEqual(240);
    expect(found?.marks.map(({ from, to }) => found.snippet.slice(from, to))).toEqual(['cat', 'CAT']);
    expect(highlightText(text, 'dog')).toBeNull();
  });

  it('holds for any text and any query: marks lie in the snippet, apart, and no character is cut', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'B', ' ', '.', '(', '\\', '😀', 'é', '\n', '*'),
      maxLength: 400,
    });
    fc.assert(
      fc.property(
        text,
        text.filter((query) => query.length > 0),
        (whole, query) => {
          const found = highlightText(whole + query, query);
          expect(found).not.toBeNull();
          const { snippet = '', marks = [] } = found ?? {};
          expect((whole + query).includes(snippet)).toBe(true);
          expect(snippet.isWellFormed()).toBe(true);
          let end = 0;
          for (const { from, to } of marks) {
            expect(from).toBeGreaterThanOrEqual(end);
            expect(to).toBeGreaterThan(from);
            end = to;
          }
          expect(end).toBeLessThanOrEqual(snippet.length);
        },
      ),
    );
  });
});
