import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { costOfUsage, sumCosts } from '../../../src/services/calls/cost.ts';

const price = {
  id: '00000000-0000-7000-8000-000000000000',
  inputPerMillion: '2.50',
  cachedInputPerMillion: '1.25' as string | null,
  outputPerMillion: '10.00',
  reasoningPerMillion: null as string | null,
};
const usage = {
  inputTokens: 1000 as number | null,
  cachedInputTokens: 400 as number | null,
  outputTokens: 300 as number | null,
  reasoningTokens: null as number | null,
  estimated: false,
};

describe('costOfUsage', () => {
  // Each worked out by hand.
  it.each([
    // 600 · 2.50 + 400 · 1.25 + 300 · 10 = 1500 + 500 + 3000 = 5000 per million
    ['cached input apart', usage, price, '0.005'],
    // 200 · 10 + 100 · 4 = 2400; 2000 in all: 1500 + 500 + 2400 = 4400
    ['reasoning apart', { ...usage, reasoningTokens: 100 }, { ...price, reasoningPerMillion: '4' }, '0.0044'],
    // 1000 · 2.50 + 3000 = 5500
    ['no cached price', usage, { ...price, cachedInputPerMillion: null }, '0.0055'],
    [
      'no cached price, number not needed',
      { ...usage, cachedInputTokens: null },
      { ...price, cachedInputPerMillion: null },
      '0.0055',
    ],
    // one token at 0.15 per million
    [
      'a very small sum without an exponent',
      { ...usage, inputTokens: 1, cachedInputTokens: 0, outputTokens: 0 },
      { ...price, inputPerMillion: '0.15' },
      '0.00000015',
    ],
    ['no token', { ...usage, inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 }, price, '0'],
    [
      'an estimate without a cached count',
      { ...usage, cachedInputTokens: null, estimated: true },
      price,
      '0.0055',
    ],
    [
      'a free provider',
      usage,
      { ...price, inputPerMillion: '0', cachedInputPerMillion: '0', outputPerMillion: '0' },
      '0',
    ],
  ])('%s', (_, counts, prices, expected) => {
    expect(costOfUsage(counts, prices)).toBe(expected);
  });

  it.each([
    ['no usage', null, price],
    ['no price', usage, null],
    ['no input count', { ...usage, inputTokens: null }, price],
    ['no output count', { ...usage, outputTokens: null }, price],
    ['a cached price but no cached count', { ...usage, cachedInputTokens: null }, price],
    ['a reasoning price but no reasoning count', usage, { ...price, reasoningPerMillion: '20' }],
    ['more cached than input', { ...usage, cachedInputTokens: 1001 }, price],
    [
      'more reasoning than output',
      { ...usage, reasoningTokens: 301 },
      { ...price, reasoningPerMillion: '1' },
    ],
  ])('is unknown with %s', (_, counts, prices) => {
    expect(costOfUsage(counts, prices)).toBeNull();
  });

  it('is exact where floating point is not', () => {
    const counts = { ...usage, inputTokens: 3, cachedInputTokens: 0, outputTokens: 0 };
    expect(costOfUsage(counts, { ...price, inputPerMillion: '0.1' })).toBe('0.0000003');
  });

  it('equals integer arithmetic in hundredths of a cent per million', () => {
    const count = fc.nat(5_000_000);
    const hundredths = fc.nat(100_000);
    fc.assert(
      fc.property(count, count, hundredths, hundredths, (input, output, inputPrice, outputPrice) => {
        const cost = costOfUsage(
          { ...usage, inputTokens: input, cachedInputTokens: null, outputTokens: output },
          {
            ...price,
            cachedInputPerMillion: null,
            inputPerMillion: (inputPrice / 100).toFixed(2),
            outputPerMillion: (outputPrice / 100).toFixed(2),
          },
        );
        const expected = BigInt(input) * BigInt(inputPrice) + BigInt(output) * BigInt(outputPrice);
        const [whole = '0', fraction = ''] = (cost ?? '').split('.');
        expect(BigInt(whole + fraction.padEnd(8, '0'))).toBe(expected);
      }),
    );
  });
});

describe('sumCosts', () => {
  it.each([
    [['0', '0.1', '0.2'], '0.3'],
    [['0'], '0'],
    [['0.1', null, '0.2'], null],
  ])('%j is %p', (costs, expected) => {
    expect(sumCosts(costs)).toBe(expected);
  });
});
