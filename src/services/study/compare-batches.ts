import { Decimal } from 'decimal.js';
import type { BatchVersus, PairedDifference, VersusQuery } from '../../contract/study-versus.ts';
import type { PairedBatches } from '../../db/study/pair-queries.ts';
import { bootstrapMean } from '../../statistics/bootstrap-mean.ts';
import { mcnemarMidP } from '../../statistics/mcnemar.ts';

const differenceOf = (values: readonly (number | null)[], seed: number): PairedDifference | null => {
  const known = values.filter((value) => value !== null);
  const bootstrap = bootstrapMean(known, seed);
  return bootstrap === null ? null : { itemCount: known.length, ...bootstrap };
};

const toMoney = (value: number): string => new Decimal(value).toSignificantDigits(12).toFixed();

/** How two batches came out item by item. The item is the unit: its repetitions are averaged before anything is drawn from items. */
export const compareBatches = (
  { a, b, items, outcomes, ...overlap }: PairedBatches,
  ids: { a: string; b: string },
  { targetA, targetB, seed }: VersusQuery,
): BatchVersus => {
  const sum = (of: 'pairs' | 'okInBoth' | 'okOnlyInA' | 'okOnlyInB') =>
    items.reduce((all, item) => all + item[of], 0);
  const [pairs, okInBoth, okOnlyInA, okOnlyInB] = [
    sum('pairs'),
    sum('okInBoth'),
    sum('okOnlyInA'),
    sum('okOnlyInB'),
  ];
  const cost = differenceOf(
    items.map(({ costUsd }) => costUsd),
    seed,
  );
  return {
    a: { batchId: ids.a, targetIndex: targetA, ...a },
    b: { batchId: ids.b, targetIndex: targetB, ...b },
    bothCount: overlap.both,
    onlyInACount: overlap.onlyInA,
    onlyInBCount: overlap.onlyInB,
    unsettledCount: overlap.unsettled,
    unaskedCount: overlap.unasked,
    outcomes: [...outcomes],
    success: {
      okInBoth,
      okOnlyInA,
      okOnlyInB,
      okInNeither: pairs - okInBoth - okOnlyInA - okOnlyInB,
      mcnemarMidP: pairs > 0 && pairs === items.length ? mcnemarMidP(okOnlyInA, okOnlyInB) : null,
      difference: differenceOf(
        items.map((item) => (item.okOnlyInB - item.okOnlyInA) / item.pairs),
        seed,
      ),
    },
    latencyMs: differenceOf(
      items.map(({ latencyMs }) => latencyMs),
      seed,
    ),
    costUsd: cost && { ...cost, mean: toMoney(cost.mean), low: toMoney(cost.low), high: toMoney(cost.high) },
  };
};
