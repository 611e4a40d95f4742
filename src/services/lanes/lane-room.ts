import type { LeasedItem } from '../../db/batches/batch-repository.ts';
import type { LaneLine } from './lane-line.ts';

/** Calls of one lane at most. */
export const laneWidth = 16;

/** How many calls each lane of a batch has, so that together they have its concurrency. */
export const lanesOf = (concurrency: number): number[] => {
  const count = Math.ceil(concurrency / laneWidth);
  return Array.from({ length: count }, (_, lane) => Math.floor((concurrency + lane) / count));
};

/**
 * Beginning and settling an item take a commit each, which must not cost the provider's calls any time. So as many items are begun
 * ahead of a free permit as calls ended in this time, and as many are leased ahead of being begun. At a provider that takes a
 * minute for an answer that is none: there nothing would be gained, and leases would run out.
 */
const beginAheadMs = 100;
const leaseAheadMs = 500;

export type LaneRoom = {
  noteCallEnd(): void;
  /** Takes from the queues what may be begun now, evenly over the lines. */
  share(): [LaneLine, LeasedItem[]][];
  /** How many items to lease for a line now. */
  wanted(line: LaneLine): number;
  /** When something changes that nobody tells us about, epoch ms. */
  nextMoment(): number;
};

/** How much of what a lane may begin, considering its calls, the windows of its providers, their limits and their pace. */
export const createLaneRoom = (lines: readonly LaneLine[], calls: number, now: () => number): LaneRoom => {
  let callEnds: number[] = [];
  const endedWithin = (ms: number): number => {
    const since = now() - ms;
    return callEnds.reduce((count, at) => (at > since ? count + 1 : count), 0);
  };

  const laneRoom = (ahead: number): number =>
    calls + ahead - lines.reduce((sum, { open }) => sum + open.size, 0);
  /** A window that is wide open does not limit what is begun ahead. */
  const lineRoom = ({ window, held, open }: LaneLine, ahead: number): number =>
    Math.min(window.size >= calls ? calls + ahead : window.size, held) - open.size;
  const aheadNow = (): number => Math.min(calls, endedWithin(beginAheadMs));

  return {
    noteCallEnd: () => {
      const at = now();
      callEnds = callEnds.filter((end) => end > at - leaseAheadMs);
      callEnds.push(at);
    },
    share: () => {
      const ahead = aheadNow();
      const at = now();
      const taken = new Map<LaneLine, LeasedItem[]>();
      const waiting = lines.filter(({ queue, blockedUntil }) => queue.length > 0 && blockedUntil <= at);
      // Each place goes to the provider with the fewest calls: a slow one that stands first must not come to have them all.
      for (let left = laneRoom(ahead); left > 0; left -= 1) {
        let next: LaneLine | null = null;
        for (const line of waiting) {
          const isFewer = next === null || line.open.size < next.open.size;
          if (isFewer && line.queue.length > 0 && lineRoom(line, ahead) > 0) next = line;
        }
        const item = next?.queue.shift();
        if (next === null || item === undefined) break;
        next.open.add(item);
        const items = taken.get(next);
        if (items === undefined) taken.set(next, [item]);
        else items.push(item);
      }
      return [...taken];
    },
    wanted: (line) => {
      const at = now();
      if (line.dryUntil > at || line.blockedUntil > at) return 0;
      const ahead = aheadNow();
      const most = Math.max(
        Math.min(lineRoom(line, ahead), laneRoom(ahead)),
        Math.min(laneWidth, endedWithin(leaseAheadMs), Math.ceil(line.window.size), line.held),
      );
      return line.queue.length * 2 <= most ? Math.max(0, most - line.queue.length) : 0;
    },
    nextMoment: () => {
      const at = now();
      const moments = lines
        .flatMap((line) => [line.blockedUntil, line.dryUntil, line.holdAgainAt])
        .filter((moment) => moment > at);
      return Math.min(...moments);
    },
  };
};
