import { describe, expect, it } from '@jest/globals';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatRate,
  formatShare,
  formatUnit,
  formatUsd,
} from '../../web/format/format-values.ts';

describe('what is unknown', () => {
  it('is a dash, never 0', () => {
    for (const format of [formatCount, formatDuration, formatRate, formatUsd]) {
      expect([format(null), format(undefined)]).toEqual(['–', '–']);
    }
    expect(formatUnit(null, 'token')).toBe('– tokens');
    expect(formatShare(0, 0)).toBe('–');
  });

  it('is told from a known 0', () => {
    expect([formatCount(0), formatDuration(0), formatUsd('0.000000'), formatRate(0)]).toEqual([
      '0',
      '0 ms',
      '$0.00',
      '0.0 / s',
    ]);
  });
});

describe('figures', () => {
  it.each([
    ['12.5', '$12.50'],
    ['1234.567', '$1,234.57'],
    ['0.5', '$0.50'],
    ['0.0123456', '$0.0123'],
    ['0.00000123456', '$0.00000123'],
    ['0.0000000000001', '<$0.000000001'],
    ['-3', '-$3.00'],
  ])('USD %s → %s', (usd, text) => expect(formatUsd(usd)).toBe(text));

  it.each([
    [0.4, '0 ms'],
    [340, '340 ms'],
    [999.7, '1.0 s'],
    [2440, '2.4 s'],
    [9970, '10 s'],
    [59_400, '59 s'],
    [59_600, '1 min'],
    [185_000, '3 min 5 s'],
    [7_800_000, '2 h 10 min'],
    [273_600_000, '3 d 4 h'],
  ])('%d ms → %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

  it.each([
    [0.25, '15.0 / min'],
    [3.1256, '3.1 / s'],
    [412.6, '413 / s'],
  ])('%d a second → %s', (rate, text) => expect(formatRate(rate)).toBe(text));

  it.each([
    [0, 10, '0 %'],
    [1, 1000, '<1 %'],
    [999, 1000, '>99 %'],
    [10, 10, '100 %'],
    [1, 3, '33 %'],
  ])('%d of %d → %s', (part, whole, text) => expect(formatShare(part, whole)).toBe(text));

  it('have their units', () => {
    expect([formatUnit(1, 'run'), formatUnit(2000, 'run')]).toEqual(['1 run', '2,000 runs']);
    expect([formatBytes(999), formatBytes(1500), formatBytes(8_388_608)]).toEqual([
      '999 B',
      '1.5 kB',
      '8.4 MB',
    ]);
  });
});
