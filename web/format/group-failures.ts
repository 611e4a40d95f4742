import type { BatchItem } from '../../src/contract/batch-item.ts';
import type { Outcome } from '../../src/contract/inference.ts';

export type FailureGroup = {
  outcome: Outcome;
  /** The code that says more; null: none was given. */
  detail: string | null;
  provider: string;
  model: string;
  count: number;
  /** One of them, to look at. */
  example: BatchItem;
};

/** Items without an answer by what they have in common, the most frequent first. */
export const groupFailures = (items: readonly BatchItem[]): FailureGroup[] => {
  const groups = new Map<string, FailureGroup>();
  for (const item of items) {
    const { outcome, detail, provider, model } = item;
    if (outcome === null || outcome === 'ok') continue;
    const key = JSON.stringify([outcome, detail, provider, model]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { outcome, detail, provider, model, count: 1, example: item });
    else group.count += 1;
  }
  return [...groups.values()].toSorted((left, right) => right.count - left.count);
};
