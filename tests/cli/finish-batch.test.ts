import { describe, expect, it } from '@jest/globals';
import { describeSpent } from '../../cli/finish-batch.ts';
import type { BatchDetail } from '../../src/contract/batch.ts';

const spend = (part: Partial<BatchDetail['spend']>): Pick<BatchDetail, 'spend'> => ({
  spend: { costUsd: '0', unknownCostCount: 0, inputTokens: 1, outputTokens: 2, budget: null, ...part },
});
const budget = {
  maxCostUsd: '2',
  maxTokens: null,
  spentUsd: '0.36000000',
  reservedUsd: '0',
  spentTokens: 0,
  reservedTokens: 0,
};
const tokens = '1 tokens in, 2 tokens out';

describe('describeSpent', () => {
  it.each([
    [{}, `${tokens}, 0 USD`],
    [{ costUsd: '0.01300000' }, `${tokens}, 0.013 USD`],
    [{ unknownCostCount: 3 }, `${tokens}, 3 calls of unknown cost`],
    [{ costUsd: '0.5', unknownCostCount: 1 }, `${tokens}, 0.5 USD, 1 call of unknown cost`],
    [{ costUsd: '0.36', budget }, `${tokens}, 0.36 USD`],
    [
      { costUsd: '0.01', unknownCostCount: 2, budget },
      `${tokens}, 0.01 USD, 2 calls of unknown cost, counted as 0.35 USD of the cap`,
    ],
  ])('says of %j: %s', (part, said) => {
    expect(describeSpent(spend(part))).toBe(said);
  });
});
