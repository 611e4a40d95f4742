import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createRandomStream } from '../../src/statistics/random-stream.ts';
import { createValueHistogram, type ValueHistogram } from '../../src/statistics/value-histogram.ts';

/** PostgreSQL's percentile_cont. */
const exactQuantile = (values: readonly number[], quantile: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = quantile * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(rank)] ?? 0, sorted[Math.ceil(rank)] ?? 0];
  return low + (high - low) * (rank - Math.floor(rank));
};
const of = (values: readonly number[]): ValueHistogram => {
  const histogram = createValueHistogram();
  for (const value of values) histogram.add(value);
  return histogram;
};
const someValue = fc.oneof(
  fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
  fc.double({ min: 1, max: 60_000, noNaN: true }),
  fc.constant(0),
);
const someValues = fc.array(someValue, { minLength: 1, maxLength: 300 });
const quantiles = [0, 0.05, 0.5, 0.95, 0.99, 1];

describe('createValueHistogram', () => {
  it('knows every quantile of merged parts to within 1 %', () => {
    fc.assert(
      fc.property(fc.array(someValues, { minLength: 1, maxLength: 5 }), (parts) => {
        const merged = createValueHistogram();
        for (const part of parts) merged.merge(of(part).encode());
        for (const quantile of quantiles) {
          const exact = exactQuantile(parts.flat(), quantile);
          const error = Math.abs((merged.quantile(quantile) ?? Number.NaN) - exact);
          expect(error).toBeLessThanOrEqual(exact * 0.0100001 + 1e-9);
        }
      }),
    );
  });

  it('comes to the same, whatever the parts, their order, or whether they stand behind each other', () => {
    fc.assert(
      fc.property(someValues, someValues, (left, right) => {
        const whole = of([...left, ...right]).encode();
        const merged = of(right);
        merged.merge(of(left).encode());
        const joined = createValueHistogram();
        joined.merge(Buffer.concat([of(left).encode(), of(right).encode()]));
        expect(merged.encode()).toEqual(whole);
        expect(joined.encode()).toEqual(whole);
      }),
    );
  });

  it('stays within 2 % at p99 of a heavy tail', () => {
    const random = createRandomStream(11);
    const values = Array.from({ length: 50_000 }, () => 200 / (1 - random()) ** 0.7);
    const histogram = of(values);
    for (const quantile of [0.5, 0.95, 0.99, 0.999]) {
      const exact = exactQuantile(values, quantile);
      expect(Math.abs((histogram.quantile(quantile) ?? 0) / exact - 1)).toBeLessThan(0.02);
    }
    const interval = histogram.quantileInterval(0.99);
    expect(interval?.low).toBeLessThanOrEqual(exactQuantile(values, 0.99));
    expect(interval?.high).toBeGreaterThanOrEqual(exactQuantile(values, 0.99));
  });

  it('says nothing where there is nothing, or too little', () => {
    expect(createValueHistogram().quantile(0.5)).toBeNull();
    expect(createValueHistogram().bins(10)).toEqual([]);
    expect(of([1, 2, 3]).quantileInterval(0.5)).toBeNull();
  });

  it('has bins that hold every value once', () => {
    fc.assert(
      fc.property(someValues, fc.integer({ min: 2, max: 50 }), (values, most) => {
        const bins = of(values).bins(most);
        expect(bins.length).toBeLessThanOrEqual(most);
        expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(values.length);
        for (const { from, to } of bins) expect(from).toBeLessThanOrEqual(to);
      }),
    );
  });
});
