import { describe, expect, it } from '@jest/globals';
import { mergeFilterResults } from '../../src/providers/content-filter.ts';
import { mapFinishReason } from '../../src/providers/map-finish-reason.ts';
import { readRateLimit, readRetryAfterMs } from '../../src/providers/map-rate-limit.ts';
import { mapUsage } from '../../src/providers/map-usage.ts';
import { strikeSecrets } from '../../src/providers/strike-secrets.ts';

describe('readRetryAfterMs', () => {
  const now = Date.UTC(2026, 0, 1, 12, 0, 0);
  it.each([
    [{ 'retry-after-ms': '1500' }, 1500],
    [{ 'retry-after-ms': '1500', 'retry-after': '60' }, 1500],
    [{ 'retry-after-ms': '-1', 'retry-after': '2' }, 2000],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': '0.25' }, 250],
    [{ 'retry-after': '120' }, 120_000],
    [{ 'retry-after': 'Thu, 01 Jan 2026 12:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Thu, 01 Jan 2026 11:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, null],
    [{ 'retry-after': '-5' }, null],
    [{ 'retry-after': '' }, null],
    [{}, null],
  ])('%j is %s ms', (headers, expected) => {
    expect(readRetryAfterMs(new Headers(headers as Record<string, string>), now)).toBe(expected);
  });
});

describe('readRateLimit', () => {
  const read = (headers: Record<string, string>, status = 200) => readRateLimit(new Headers(headers), status);
  const named = (entries: Record<string, string>) =>
    Object.fromEntries(Object.entries(entries).map(([name, value]) => [`x-ratelimit-${name}`, value]));

  it('keeps what the vendor says, verbatim', () => {
    const headers = named({ 'limit-tokens': '1000', 'remaining-tokens': '0', 'reset-tokens': '6m0s' });
    expect(read({ ...headers, 'content-type': 'application/json' })).toEqual(headers);
  });
  it('leaves out -1', () => {
    expect(read(named({ 'limit-tokens': '-1', 'remaining-tokens': '-1' }))).toBeNull();
  });
  it('leaves out a limit of 0 with all that belongs to it', () => {
    const headers = named({ 'limit-tokens': '0', 'remaining-tokens': '0', 'reset-tokens': '0' });
    expect(read({ ...headers, ...named({ 'remaining-requests': '5' }) })).toEqual(
      named({ 'remaining-requests': '5' }),
    );
  });
  it('takes "0 remaining" without a limit for unknown on an answer, for true on a 429', () => {
    const headers = named({ 'remaining-tokens': '0' });
    expect(read(headers)).toBeNull();
    expect(read(headers, 429)).toEqual(headers);
  });
  it('is null without any', () => {
    expect(read({})).toBeNull();
  });
});

describe('mapUsage', () => {
  it('never makes up a 0', () => {
    const unknown = { inputTokens: null, cachedInputTokens: null, outputTokens: null, reasoningTokens: null };
    for (const usage of [
      null,
      undefined,
      {},
      { prompt_tokens: -1 },
      { prompt_tokens: 0, completion_tokens: 0 },
    ]) {
      expect(mapUsage(usage)).toEqual(unknown);
    }
  });
  it('keeps a true 0', () => {
    const usage = { prompt_tokens: 5, completion_tokens: 0, prompt_tokens_details: { cached_tokens: 0 } };
    expect(mapUsage(usage)).toMatchObject({ inputTokens: 5, cachedInputTokens: 0, outputTokens: 0 });
  });
  it("reads DeepSeek's name for cached input", () => {
    expect(mapUsage({ prompt_tokens: 9, prompt_cache_hit_tokens: 4 }).cachedInputTokens).toBe(4);
  });
});

it('mapFinishReason knows the vendors and invents nothing', () => {
  const reasons = [
    'stop',
    'eos',
    'length',
    'content_filter',
    'function_call',
    'insufficient_system_resource',
  ];
  expect(reasons.map(mapFinishReason)).toEqual([
    'stop',
    'stop',
    'length',
    'content_filter',
    'tool_calls',
    'other',
  ]);
  expect([null, undefined, '', 3].map(mapFinishReason)).toEqual([null, null, null, null]);
  expect(mapFinishReason('constructor')).toBe('other');
});

it('mergeFilterResults keeps a category filtered', () => {
  const filtered = { violence: { filtered: true } };
  const safe = { violence: { filtered: false }, hate: { filtered: false } };
  expect(mergeFilterResults(filtered, safe)).toEqual({
    violence: { filtered: true },
    hate: { filtered: false },
  });
  expect(mergeFilterResults(null, safe)).toEqual(safe);
  expect(mergeFilterResults(undefined, undefined)).toBeNull();
});

it('strikeSecrets strikes keys anywhere in a value', () => {
  const key = 'a-key-without-any-shape';
  const value = { [key]: [`x ${key} y`, 3, null], other: { deep: 'Bearer abcdef123456, sk-proj-abc***xyz' } };
  expect(strikeSecrets(value, [key])).toEqual({
    '[key]': ['x [key] y', 3, null],
    other: { deep: '[key], [key]' },
  });
  expect(strikeSecrets('plain', [''])).toBe('plain');
});
