import type { RecostReport } from '../../src/contract/recost.ts';

const addUsd = (left: string | null, right: string | null): string | null => {
  if (left === null || right === null) return left ?? right;
  // To be looked at: cents and below, of two sums that are exact themselves.
  return (Number(left) + Number(right)).toFixed(12);
};

/** What two halves of a re-costing did together. */
export const addReports = (first: RecostReport, second: RecostReport): RecostReport => ({
  examinedCount: first.examinedCount + second.examinedCount,
  changedCount: first.changedCount + second.changedCount,
  unknownCount: first.unknownCount + second.unknownCount,
  costUsdBefore: addUsd(first.costUsdBefore, second.costUsdBefore),
  costUsdAfter: addUsd(first.costUsdAfter, second.costUsdAfter),
  nextCursor: second.nextCursor,
});
