import { describe, expect, it } from '@jest/globals';
import { readFilter } from '../../web/format/run-filter.ts';

describe('the filter of an address', () => {
  it('keeps what the API takes and names the rest', () => {
    const { filter, faults } = readFilter(
      new URLSearchParams({ outcome: 'ok', provider: 'No Such', metadata: 'a:b', other: 'x', text: '' }),
    );
    expect(filter).toEqual({ outcome: 'ok', metadata: 'a:b' });
    expect(Object.keys(faults)).toEqual(['provider']);
  });

  it('has windows that begin with a full hour, unless it names a time itself', () => {
    const now = Date.parse('2026-03-02T10:59:00Z');
    const fromOf = (members: Record<string, string>) =>
      readFilter(new URLSearchParams(members), now).filter.from;
    expect(fromOf({ window: '24h' })).toBe('2026-03-01T10:00:00.000Z');
    expect(fromOf({ window: '7d' })).toBe('2026-02-23T10:00:00.000Z');
    expect(fromOf({ window: '7d', from: '2026-01-01T00:00:00Z' })).toBe('2026-01-01T00:00:00Z');
    expect(fromOf({ window: '7d', to: '2026-01-01T00:00:00Z' })).toBeUndefined();
    expect(fromOf({ window: 'constructor' })).toBeUndefined();
  });
});
