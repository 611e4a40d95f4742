import { describe, expect, it } from '@jest/globals';
import { parseBigint, parseTimestamp } from '../../src/db/type-parsers.ts';

describe('parseTimestamp', () => {
  it.each([
    ['2026-11-23 22:15:00+00', '2026-11-23T22:15:00.000Z'],
    ['2026-11-23 22:15:00.5+00', '2026-11-23T22:15:00.500Z'],
    ['2026-11-23 22:15:00.123456+00', '2026-11-23T22:15:00.123456Z'],
    ['2026-11-24 00:15:00.123456+02', '2026-11-23T22:15:00.123456Z'],
    ['2026-11-23 16:45:00-05:30', '2026-11-23T22:15:00.000Z'],
  ])('%s is %s', (text, expected) => {
    expect(parseTimestamp(text)).toBe(expected);
  });

  it.each(['infinity', '-infinity', '0044-03-15 12:00:00+00 BC'])('refuses %s', (text) => {
    expect(() => parseTimestamp(text)).toThrow(RangeError);
  });
});

describe('parseBigint', () => {
  it('gives a number while it is exact and throws beyond', () => {
    expect(parseBigint('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => parseBigint('9007199254740992')).toThrow(RangeError);
  });
});
