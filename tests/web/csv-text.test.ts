import { expect, it } from '@jest/globals';
import { csvText } from '../../web/format/csv-text.ts';
import { formatInterval, formatMs, formatPercent, formatPoints } from '../../web/format/format-estimates.ts';

it('writes figures for a spreadsheet, in which nothing is a formula', () => {
  const rows = [
    ['=1+1', -2.5, null],
    ['a "b", c', '-3.10', '-cmd'],
  ];
  expect(csvText({ head: ['key', 'value', 'cost'], rows })).toBe(
    `key,value,cost\r\n'=1+1,-2.5,\r\n"a ""b"", c",-3.10,'-cmd\r\n`,
  );
});

it('shows how certain a figure is, and the sign of a difference', () => {
  expect(formatInterval({ value: 0.975, low: 0.8712, high: 0.9956 }, formatPercent)).toBe('87.1 % to 99.6 %');
  expect(formatInterval({ value: 2130, low: 2084, high: 2191 }, formatMs)).toBe('2.08 s to 2.19 s');
  expect(formatInterval({ value: 2130, low: null, high: null }, formatMs)).toBeNull();
  expect([formatPoints(0.052), formatPoints(-0.1), formatPoints(0)]).toEqual([
    '+5.2 points',
    '−10.0 points',
    '±0.0 points',
  ]);
});
