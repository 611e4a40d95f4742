import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createSearchService } from '../../../src/services/search/create-search-service.ts';
import { highlightText } from '../../../src/services/search/highlight-text.ts';
import { exampleRun, exampleSettlement } from '../../support/example-rows.ts';
import { type OpenRepository, openRepository } from '../../support/open-repository.ts';

describe('a search', () => {
  let open: OpenRepository;
  beforeAll(async () => {
    open = await openRepository();
    const record = async (model: string, prompt: string, text: string) => {
      const run = exampleRun({ model, messages: [{ role: 'user', content: prompt }] });
      await open.repository.insertRun(run);
      await open.repository.settleRun(exampleSettlement(run, { text }));
    };
    await record('a', 'What is a <b>lighthouse</b> for?', 'It warns ships; a Lighthouse is a tower.');
    await record('b', 'Name a ship', 'The lighthouse tender');
    await record('b', 'What are lighthouses made of?', 'Stone');
    await record('a', 'Nothing of the kind', 'No');
  });
  afterAll(() => open.close());
  const search = (text: string, more: object = {}) =>
    createSearchService(open).search({ text, limit: 20, ...more });

  it('finds words before parts of words, and says where', async () => {
    const { data } = await search('lighthouse');
    expect(data.map(({ inference }) => inference.text)).toHaveLength(3);
    expect(data[2]?.inference.text).toBe('Stone');
    const found = data.find(({ inference }) => inference.text?.startsWith('It warns'));
    expect(found?.highlights.map(({ pointer }) => pointer)).toEqual(['/messages/0/content', '/text']);
    for (const { highlights } of data) {
      expect(highlights.length).toBeGreaterThan(0);
      for (const { snippet, marks } of highlights) {
        expect(marks.map(({ from, to }) => snippet.slice(from, to).toLowerCase())).toContain('lighthouse');
      }
    }
    // As it was recorded: to show it as text is the reader's part.
    expect(found?.highlights[0]?.snippet).toBe('What is a <b>lighthouse</b> for?');
  });

  it('keeps to the filter and the limit', async () => {
    const { data } = await search('lighthouse', { model: 'b' });
    expect(data.map(({ inference }) => inference.text)).toEqual(['The lighthouse tender', 'Stone']);
    expect((await search('lighthouse', { limit: 1 })).data).toHaveLength(1);
    expect((await search('lighthouse', { to: '2020-01-01T00:00:00Z' })).data).toEqual([]);
    expect((await search('pharos')).data).toEqual([]);
  });
});

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
