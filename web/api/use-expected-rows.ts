import type { Export } from '../../src/contract/export.ts';
import { useBatch } from './use-batches.ts';
import { useSummary } from './use-study.ts';

/** How many rows a file will have, where figures that are there anyway tell; null: nobody has counted them. */
export const useExpectedRows = (
  { what, filter }: Pick<Export, 'what' | 'filter'>,
  enabled = true,
): number | null => {
  const { batchId, outcome } = filter;
  const summary = useSummary(filter, enabled && what === 'runs');
  const batch = useBatch(batchId ?? '', false, enabled && what === 'results' && batchId !== undefined);
  if (what === 'runs') return summary.isPlaceholderData ? null : (summary.data?.runCount ?? null);
  if (what !== 'results' || batch.data === undefined) return null;
  const { planned, pending, inProgress, outcomes } = batch.data.counts;
  return outcome === undefined ? planned - pending - inProgress : (outcomes[outcome] ?? 0);
};
