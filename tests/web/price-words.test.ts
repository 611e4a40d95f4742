import { expect, it } from '@jest/globals';
import type { Price } from '../../src/contract/price.ts';
import { addReports } from '../../web/format/add-reports.ts';
import { datePrices } from '../../web/format/date-prices.ts';
import { choiceWords, originOf } from '../../web/format/export-words.ts';
import { emptyPrice, readPrice } from '../../web/format/price-draft.ts';

it('tells which price of a model is in force, of a book that is sorted by date', () => {
  const price = (model: string, effectiveFrom: string): Price => ({
    id: '0198c0de-0000-7000-8000-000000000001',
    provider: 'shop',
    model,
    effectiveFrom,
    inputPerMillion: '1',
    cachedInputPerMillion: null,
    outputPerMillion: '2',
    reasoningPerMillion: null,
    source: 'test',
  });
  const book = [
    price('b', '2027-01-01T00:00:00Z'),
    price('b', '2026-06-01T00:00:00Z'),
    price('a', '2026-05-01T00:00:00Z'),
    price('b', '2026-01-01T00:00:00Z'),
  ];
  const dated = datePrices(book, Date.parse('2026-12-01T00:00:00Z'));
  expect(
    dated.map(({ price: { model, effectiveFrom }, state }) => [model, effectiveFrom.slice(0, 7), state]),
  ).toEqual([
    ['a', '2026-05', 'in force'],
    ['b', '2027-01', 'later'],
    ['b', '2026-06', 'in force'],
    ['b', '2026-01', 'earlier'],
  ]);
});

it('reads a price as typed: what is empty is unknown, and a comma is named', () => {
  const typed = {
    ...emptyPrice,
    provider: 'shop',
    model: ' m ',
    effectiveFrom: '2026-01-01T00:00',
    inputPerMillion: '2.50',
    outputPerMillion: '10',
  };
  expect(readPrice(typed).price).toMatchObject({ model: 'm', cachedInputPerMillion: null, source: 'api' });
  expect(readPrice({ ...typed, inputPerMillion: '2,5', effectiveFrom: '' })).toEqual({
    price: null,
    faults: { inputPerMillion: expect.stringContaining('2.50'), effectiveFrom: 'choose a moment' },
  });
});

it('adds up what several requests did, and keeps what nobody knows unknown', () => {
  const report = {
    examinedCount: 2,
    changedCount: 1,
    unknownCount: 1,
    costUsdBefore: null,
    nextCursor: null,
  };
  expect(
    addReports({ ...report, costUsdAfter: '0.1', nextCursor: 'c' }, { ...report, costUsdAfter: '0.2' }),
  ).toEqual({
    examinedCount: 4,
    changedCount: 2,
    unknownCount: 2,
    costUsdBefore: null,
    costUsdAfter: '0.300000000000',
    nextCursor: null,
  });
});

it('leads from an export to where it came from', () => {
  const batchId = '0198c0de-0000-7000-8000-000000000002';
  expect(originOf({ what: 'results', filter: { batchId } })).toBe(`/batches/${batchId}`);
  expect(originOf({ what: 'attempts', filter: { model: 'a/b' } })).toBe('/runs?model=a%2Fb');
  const options = { by: 'provider' } as const;
  expect(originOf({ what: 'comparison', filter: { outcome: 'ok' }, options })).toBe(
    '/study?outcome=ok&by=provider',
  );
  expect(choiceWords({ filter: { outcome: 'ok' }, options })).toBe('by provider, outcome ok');
});
