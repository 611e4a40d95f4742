import { describe, expect, it } from '@jest/globals';
import { storableInteger, storableJson, storableNumber, storableText } from '../../src/db/storable.ts';

describe('storableText', () => {
  it.each([
    ['plain', 'plain'],
    ['smile \u{1F600} stays', 'smile \u{1F600} stays'],
    ['nul\u0000here', 'nul\uFFFDhere'],
    ['half \ud83d pair', 'half \uFFFD pair'],
    ['\udc00\u0000', '\uFFFD\uFFFD'],
  ])('%j becomes %j', (given, expected) => {
    expect(storableText(given)).toBe(expected);
  });
});

describe('storableJson', () => {
  it('cleans strings and keys at every depth', () => {
    const given = { 'k\u0000': ['a\ud800', { deep: '\u0000' }], number: 1, nothing: null, yes: true };
    expect(JSON.parse(storableJson(given) ?? '')).toEqual({
      'k\uFFFD': ['a\uFFFD', { deep: '\uFFFD' }],
      number: 1,
      nothing: null,
      yes: true,
    });
  });

  it('leaves a text that only looks like an escape alone', () => {
    const given = { code: 'print("\\u0000") and \\ud800' };
    expect(JSON.parse(storableJson(given) ?? '')).toEqual(given);
  });

  it('keeps a key named __proto__ as data', () => {
    const json = storableJson(JSON.parse('{"__proto__": {"a": "\\u0000"}}'));
    expect(json).toBe('{"__proto__":{"a":"\uFFFD"}}');
  });

  it('has no JSON for what is unknown', () => {
    expect(storableJson(null)).toBeNull();
    expect(storableJson(undefined)).toBeNull();
  });

  it('notes what has no JSON text instead of throwing', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(JSON.parse(storableJson(cycle) ?? '')).toEqual({ unstorable: expect.any(String) });
    expect(JSON.parse(storableJson({ big: 1n }) ?? '')).toEqual({ unstorable: expect.any(String) });
  });
});

describe('storable numbers', () => {
  it('takes nonsense for unknown', () => {
    expect([storableNumber(Number.NaN), storableNumber(1.5), storableNumber(null)]).toEqual([
      null,
      1.5,
      null,
    ]);
    expect([storableInteger(1e300), storableInteger(1.5), storableInteger(7)]).toEqual([null, null, 7]);
  });
});
