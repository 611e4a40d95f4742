import type { LeasedItem } from '../../db/batches/batch-repository.ts';
import { type CallWindow, createCallWindow } from './call-window.ts';

/** What one lane has to do with one provider. Moments are epoch ms. */
export type LaneLine = {
  readonly provider: string;
  /** Positions in the batch's list of targets. */
  readonly targetIndexes: readonly number[];
  /** Leased, not yet begun. */
  queue: LeasedItem[];
  /** Until when the lease of what is in the queue holds. */
  leasedUntil: number;
  /** Taken from the queue; the call has not ended. */
  readonly open: Set<LeasedItem>;
  readonly window: CallWindow;
  /** Calls that it may have under way by the provider's limit; Infinity without one. */
  held: number;
  /** When that is to be asked again. */
  holdAgainAt: number;
  /** Nothing is begun before this moment (pace, cap). */
  blockedUntil: number;
  /** The database had nothing ready: it is asked again at this moment. */
  dryUntil: number;
  dryInARow: number;
};

const firstDryMs = 25;
const longestDryMs = 1000;

/**
 * One line for each provider of a batch. Beside others, one that nobody has heard lately begins with a single call (see the
 * window), and that only in the first lane: the others follow when it has answered. One that never answers thus holds one call of a
 * whole batch.
 */
export const createLaneLines = (
  targets: readonly { provider: string }[],
  mostCalls: number,
  { lane, isHeard }: { lane: number; isHeard: (provider: string) => boolean },
): LaneLine[] => {
  const byProvider = Map.groupBy(targets.keys(), (index) => targets[index]?.provider ?? '');
  const firstOf = (provider: string): number => {
    if (byProvider.size === 1 || isHeard(provider)) return mostCalls;
    return lane === 0 ? 1 : 0;
  };
  return [...byProvider].map(([provider, targetIndexes]) => ({
    provider,
    targetIndexes,
    queue: [],
    leasedUntil: 0,
    open: new Set(),
    window: createCallWindow({ first: firstOf(provider), most: mostCalls }),
    held: Number.POSITIVE_INFINITY,
    holdAgainAt: 0,
    blockedUntil: 0,
    dryUntil: 0,
    dryInARow: 0,
  }));
};

/** Takes note of what a lease brought. An empty one is not repeated at once. */
export const noteLease = (
  line: LaneLine,
  items: readonly LeasedItem[],
  { leasedUntil, now }: { leasedUntil: number; now: number },
): void => {
  line.queue.push(...items);
  if (items.length > 0) {
    line.leasedUntil = leasedUntil;
    line.dryInARow = 0;
    return;
  }
  line.dryUntil = now + Math.min(longestDryMs, firstDryMs * 2 ** line.dryInARow);
  line.dryInARow += 1;
};
