import { Decimal } from 'decimal.js';
import type { Outcome } from '../../contract/inference.ts';
import type { Share } from '../../contract/study.ts';
import type { FigureRow } from '../../db/study/study-queries.ts';
import { wilsonInterval } from '../../statistics/wilson-interval.ts';

const Money = Decimal.clone({ precision: 40 });

/** What failed for a reason that is not the question's. */
const errorOutcomes: readonly Outcome[] = ['provider_error', 'timeout', 'unknown_outcome'];
/** Nobody was asked. */
const unaskedOutcomes: readonly Outcome[] = ['cancelled', 'budget_skipped'];

const tokensKnown = 1;
const costKnown = 8;

export const addKnown = (left: number | null, right: number | null): number | null =>
  left === null ? right : right === null ? left : left + right;

export const addMoney = (left: string | null, right: string | null): string | null =>
  left === null ? right : right === null ? left : new Money(left).plus(right).toFixed();

/** The sums of rows that belong together. Of what is unknown everywhere the sum is null. */
export const foldFigures = (rows: readonly FigureRow[]) => {
  const outcomeCounts: Partial<Record<Outcome, number>> = {};
  const sums = {
    runCount: 0,
    inputTokens: null as number | null,
    cachedInputTokens: null as number | null,
    outputTokens: null as number | null,
    reasoningTokens: null as number | null,
    unknownTokensCount: 0,
    costUsd: null as string | null,
    unknownCostCount: 0,
    sendingCount: 0,
  };
  for (const row of rows) {
    sums.runCount += row.runCount;
    sums.inputTokens = addKnown(sums.inputTokens, row.inputTokens);
    sums.cachedInputTokens = addKnown(sums.cachedInputTokens, row.cachedInputTokens);
    sums.outputTokens = addKnown(sums.outputTokens, row.outputTokens);
    sums.reasoningTokens = addKnown(sums.reasoningTokens, row.reasoningTokens);
    sums.costUsd = addMoney(sums.costUsd, row.costUsd);
    if ((row.usageClass & tokensKnown) === 0) sums.unknownTokensCount += row.runCount;
    if ((row.usageClass & costKnown) === 0) sums.unknownCostCount += row.runCount;
    if (row.outcome === null) sums.sendingCount += row.runCount;
    else outcomeCounts[row.outcome] = (outcomeCounts[row.outcome] ?? 0) + row.runCount;
  }
  const countOf = (outcomes: readonly Outcome[]) =>
    outcomes.reduce((sum, outcome) => sum + (outcomeCounts[outcome] ?? 0), 0);
  const asked = sums.runCount - sums.sendingCount - countOf(unaskedOutcomes);
  return {
    ...sums,
    outcomeCounts,
    successRate: shareOf(outcomeCounts.ok ?? 0, asked),
    errorRate: shareOf(countOf(errorOutcomes), asked),
  };
};

const shareOf = (count: number, of: number): Share | null => {
  const interval = wilsonInterval(count, of);
  return interval === null ? null : { count, of, value: count / of, ...interval };
};

/** Rows by the text of a key, those with most runs first. */
export const groupByKey = (rows: readonly FigureRow[]): [key: string | null, rows: FigureRow[]][] => {
  const groups = [...Map.groupBy(rows, ({ keys }) => keys[0] ?? null)];
  const runsOf = (group: readonly FigureRow[]) => group.reduce((sum, { runCount }) => sum + runCount, 0);
  return groups
    .map(([key, group]) => [key, group, runsOf(group)] as const)
    .toSorted(([a, , left], [b, , right]) => right - left || ((a ?? '') < (b ?? '') ? -1 : 1))
    .map(([key, group]) => [key, group]);
};

/** Known cost of all runs over the number of successes, to 12 significant digits; null without either. */
export const costPerSuccess = ({
  costUsd,
  outcomeCounts: { ok = 0 },
}: Pick<ReturnType<typeof foldFigures>, 'costUsd' | 'outcomeCounts'>): string | null =>
  costUsd === null || ok === 0 ? null : new Money(costUsd).dividedBy(ok).toSignificantDigits(12).toFixed();
