import type { Counterfactual } from '../../contract/study.ts';
import type { Price } from '../../db/runs/inference-repository.ts';
import type { FigureRow } from '../../db/study/study-queries.ts';
import { costOfUsage } from '../calls/cost.ts';
import { addKnown, addMoney } from './fold-figures.ts';

const bits = { tokens: 1, cached: 2, reasoning: 4, cost: 8 };

/** What has to be known of a run for a price to apply; a separate price for a part asks for the number of that part. */
const neededBits = ({ cachedInputPerMillion, reasoningPerMillion }: Price): number =>
  bits.tokens |
  (cachedInputPerMillion === null ? 0 : bits.cached) |
  (reasoningPerMillion === null ? 0 : bits.reasoning);

type Tokens = Pick<FigureRow, 'inputTokens' | 'cachedInputTokens' | 'outputTokens' | 'reasoningTokens'>;

/** The cost is linear in the counts, so that of the sums is the sum of the costs, to the last digit. */
const costOfRows = (rows: readonly FigureRow[], price: Price): string | null => {
  if (rows.length === 0) return null;
  const sum = (of: keyof Tokens) => rows.reduce<number | null>((all, row) => addKnown(all, row[of]), null);
  return costOfUsage(
    {
      inputTokens: sum('inputTokens') ?? 0,
      // Of our own estimates the parts are null, and taken as none, as in the cost of a run.
      cachedInputTokens: sum('cachedInputTokens') ?? 0,
      outputTokens: sum('outputTokens') ?? 0,
      reasoningTokens: sum('reasoningTokens') ?? 0,
      estimated: false,
    },
    price,
  );
};

const countOf = (rows: readonly FigureRow[]) => rows.reduce((all, { runCount }) => all + runCount, 0);

/** What runs would have cost by another price: exact for those whose usage is known well enough, and how many are not. */
export const counterfactualCost = (
  rows: readonly FigureRow[],
  price: Price | null,
): Pick<Counterfactual, 'runCount' | 'pricedCount' | 'unpricedCount' | 'costUsd' | 'compared'> => {
  const needed = price === null ? null : neededBits(price);
  const priced = needed === null ? [] : rows.filter(({ usageClass }) => (usageClass & needed) === needed);
  const compared = priced.filter(({ usageClass }) => (usageClass & bits.cost) !== 0);
  const cost = (some: readonly FigureRow[]) => (price === null ? null : costOfRows(some, price));
  const [runCount, pricedCount] = [countOf(rows), countOf(priced)];
  return {
    runCount,
    pricedCount,
    unpricedCount: runCount - pricedCount,
    costUsd: cost(priced),
    compared: {
      runCount: countOf(compared),
      costUsd: cost(compared),
      actualCostUsd: compared.reduce<string | null>((all, row) => addMoney(all, row.costUsd), null),
    },
  };
};
