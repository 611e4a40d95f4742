import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { binomialCdf, binomialProbability, binomialQuantile } from '../../src/statistics/binomial.ts';
import { bootstrapMean } from '../../src/statistics/bootstrap-mean.ts';
import { mcnemarMidP } from '../../src/statistics/mcnemar.ts';
import { meanInterval } from '../../src/statistics/mean-interval.ts';
import { quantileRanks } from '../../src/statistics/quantile-ranks.ts';
import { createRandomStream } from '../../src/statistics/random-stream.ts';
import { wilsonInterval } from '../../src/statistics/wilson-interval.ts';

describe('wilsonInterval', () => {
  it.each([
    [85, 100, 0.7671644, 0.9069401],
    [8, 10, 0.4901625, 0.9433178],
    [30, 30, 0.8864866, 1],
  ])('has the published values for %i of %i', (successes, trials, low, high) => {
    const interval = wilsonInterval(successes, trials);
    expect(interval?.low).toBeCloseTo(low, 6);
    expect(interval?.high).toBeCloseTo(high, 6);
  });

  it('is null without a trial, and always encloses the share', () => {
    expect(wilsonInterval(0, 0)).toBeNull();
    const counts = fc
      .integer({ min: 1, max: 1e6 })
      .chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n)));
    fc.assert(
      fc.property(counts, ([successes, trials]) => {
        const { low, high } = wilsonInterval(successes, trials) ?? { low: 1, high: 0 };
        return 0 <= low && low <= successes / trials && successes / trials <= high && high <= 1;
      }),
    );
  });
});

describe('binomial', () => {
  it('adds up', () => {
    expect(binomialCdf(0, 10, 0.5)).toBeCloseTo(1 / 1024, 9);
    expect(binomialCdf(4, 10, 0.5)).toBeCloseTo(386 / 1024, 9);
    expect(binomialProbability(5, 10, 0.5)).toBeCloseTo(252 / 1024, 9);
    expect(binomialCdf(-1, 10, 0.5)).toBe(0);
    expect(binomialCdf(10, 10, 0.5)).toBe(1);
  });

  it('finds the smallest count that reaches a probability', () => {
    const cases = fc.tuple(
      fc.double({ min: 0.001, max: 0.999, noNaN: true }),
      fc.integer({ min: 1, max: 100_000 }),
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
    );
    fc.assert(
      fc.property(cases, ([probability, n, p]) => {
        const k = binomialQuantile(probability, n, p);
        return binomialCdf(k, n, p) >= probability && binomialCdf(k - 1, n, p) < probability;
      }),
    );
  });
});

describe('quantileRanks', () => {
  // Tables of order-statistic intervals of the median, at least 95 %.
  it.each([
    [6, 1, 6],
    [10, 2, 9],
    [20, 6, 15],
    [25, 8, 18],
    [100, 40, 61],
  ])('has the tabled ranks of the median of %i values', (n, low, high) => {
    expect(quantileRanks(n, 0.5)).toEqual({ low, high });
  });

  it('has no end where the sample is too small for it', () => {
    expect(quantileRanks(5, 0.5)).toEqual({ low: null, high: null });
    expect(quantileRanks(0, 0.5)).toEqual({ low: null, high: null });
    expect(quantileRanks(100, 0.99)).toEqual({ low: 97, high: null });
  });

  it('covers the quantile in at least 95 of 100 samples', () => {
    const random = createRandomStream(7);
    let covered = 0;
    for (let trial = 0; trial < 2000; trial += 1) {
      const values = Array.from({ length: 60 }, random).sort((a, b) => a - b);
      const { low, high } = quantileRanks(60, 0.8);
      if ((values[(low ?? 1) - 1] ?? 0) <= 0.8 && 0.8 <= (values[(high ?? 60) - 1] ?? 1)) covered += 1;
    }
    expect(covered / 2000).toBeGreaterThan(0.945);
  });
});

describe('mcnemarMidP', () => {
  it('has the published values', () => {
    expect(mcnemarMidP(4, 16)).toBeCloseTo(0.0071973801, 8);
    expect(mcnemarMidP(16, 4)).toBeCloseTo(0.0071973801, 8);
    expect(mcnemarMidP(0, 0)).toBe(1);
  });
});

describe('means', () => {
  it('bootstraps the same for the same seed, and encloses the mean', () => {
    const values = [1, 2, 3, 4, 100];
    const first = bootstrapMean(values, 5);
    expect(bootstrapMean(values, 5)).toEqual(first);
    expect(bootstrapMean(values, 6)).not.toEqual(first);
    expect(first).toMatchObject({ mean: 22, resamples: 1000, seed: 5 });
    expect(first?.low).toBeLessThan(22);
    expect(first?.high).toBeGreaterThan(22);
    expect(bootstrapMean([3])).toBeNull();
    expect(bootstrapMean([3, 3])).toMatchObject({ mean: 3, low: 3, high: 3 });
  });

  it('agrees with the normal interval for large samples', () => {
    const random = createRandomStream(3);
    const values = Array.from({ length: 2000 }, () => random() * 10);
    const sum = values.reduce((all, value) => all + value, 0);
    const squares = values.reduce((all, value) => all + value * value, 0);
    const normal = meanInterval({ count: 2000, sum, squares });
    const bootstrap = bootstrapMean(values);
    expect(bootstrap?.low).toBeCloseTo(normal?.low ?? 0, 1);
    expect(bootstrap?.high).toBeCloseTo(normal?.high ?? 0, 1);
    expect(meanInterval({ count: 1, sum: 1, squares: 1 })).toBeNull();
  });
});
