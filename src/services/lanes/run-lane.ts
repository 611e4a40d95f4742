import type { Batch } from '../../contract/batch.ts';
import type { BatchRepository, LeasedItem } from '../../db/batches/batch-repository.ts';
import type { ProviderPace } from '../calls/provider-pace.ts';
import type { AskedItems, AskingLane } from './ask-items.ts';
import type { LaneReport, LaneTurn } from './batch-runner.ts';
import { createCallPermits } from './call-permits.ts';
import type { LostItems } from './end-lost-items.ts';
import { createLaneLines, type LaneLine, noteLease } from './lane-line.ts';
import { createLaneRoom, lanesOf } from './lane-room.ts';
import { createWaker } from './waker.ts';

export type LaneDependencies = {
  repository: Pick<BatchRepository, 'findBatch' | 'leaseItems' | 'releaseItems' | 'nextReadyAt'>;
  pace: ProviderPace;
  askItems: (lane: AskingLane, items: readonly LeasedItem[]) => Promise<AskedItems>;
  lostItems: LostItems;
  /** Whether a provider has shown signs of life lately. */
  isHeard: (provider: string) => boolean;
  /** How long an item may stay leased before it is begun, and what a begun one may wait for its turn, in ms. */
  leaseMs: number;
  admitWithinMs: number;
  now: () => number;
  newId: () => string;
  /** Whether the process is about to end. */
  isStopping: () => boolean;
  /** When nothing new is begun any more, in ms from the start of the turn. */
  turnMs: number;
};

/** A longer wait is left to a durable timer, with no activity running, in ms. */
const longestWaitMs = 5000;
/** How often something is looked after that nobody tells us about, in ms. */
const pollMs = 250;
const longestPauseMs = 1000;
/** How soon a lane follows another one's first answer, and when it asks by itself: the other may be in another process. */
const hearSoonMs = 20;
const askAnywayMs = 10_000;
/** How often the share of a limited provider's calls is renewed, and looked for when there is none, in ms. */
const holdAgainMs = 5000;
const holdSoonMs = 1000;

/** Whether this turn's worker is still wanted. */
export const isCurrent = (batch: Batch | null, { generation }: LaneTurn): batch is Batch =>
  batch !== null &&
  batch.generation === generation &&
  (batch.status === 'queued' || batch.status === 'running');

/** One turn of one lane: see BatchRunner. */
export const runLane = async (
  dependencies: LaneDependencies,
  turn: LaneTurn,
  batch: Batch,
): Promise<LaneReport> => {
  const { repository, pace, askItems, lostItems, now, isStopping } = dependencies;
  const { batchId, generation } = turn;
  const startedAt = now();
  const endsAt = startedAt + dependencies.turnMs;
  const leaseToken = dependencies.newId();
  const calls = lanesOf(batch.concurrency)[turn.lane] ?? 0;
  const lines = createLaneLines(batch.targets, calls, { lane: turn.lane, isHeard: dependencies.isHeard });
  const room = createLaneRoom(lines, calls, now);
  const permits = createCallPermits(calls);
  const waker = createWaker();
  const underWay = new Set<Promise<void>>();
  const report: LaneReport = { next: 'done', until: null, asked: 0, settled: 0 };
  const failures: unknown[] = [];

  /** What fails ends the turn, after what is under way. */
  const track = (work: Promise<void>): void => {
    const tracked: Promise<void> = work
      .catch((error: unknown) => void failures.push(error))
      .then(() => {
        underWay.delete(tracked);
        waker.wake();
      });
    underWay.add(tracked);
  };
  const close = (item: LeasedItem): void => {
    for (const line of lines) if (line.open.delete(item)) waker.wake();
  };
  const release = async (items: readonly LeasedItem[], notBefore: Date | null): Promise<void> => {
    if (items.length === 0) return;
    const refs = items.map(({ position }) => ({ batchId, position, leaseToken, notBefore }));
    await repository.releaseItems(refs, new Date(now()));
  };

  const asking: AskingLane = {
    batch,
    leaseToken,
    admitWithinMs: dependencies.admitWithinMs,
    admit: async (item) => {
      const giveBack = await permits.acquire(dependencies.admitWithinMs);
      return (
        giveBack &&
        (() => {
          giveBack();
          room.noteCallEnd();
          close(item);
        })
      );
    },
    onCall: (provider, verdict, blockedUntil) => {
      const line = lines.find((each) => each.provider === provider);
      if (line === undefined) return;
      line.window.note(verdict);
      line.blockedUntil = Math.max(line.blockedUntil, blockedUntil);
    },
    onSettled: (count) => {
      report.settled += count;
    },
  };

  const begin = async (line: LaneLine, items: readonly LeasedItem[]): Promise<void> => {
    try {
      const { asking: sent, back, retryAt } = await askItems(asking, items);
      report.asked += sent.length;
      for (const { item, end } of sent) track(end.finally(() => close(item)));
      const sentItems = new Set(sent.map(({ item }) => item));
      for (const item of items) if (!sentItems.has(item)) close(item);
      if (back.length === 0) return;
      line.blockedUntil = Math.max(line.blockedUntil, retryAt);
      if (retryAt - now() > pollMs * 4) await release(back, new Date(retryAt));
      else line.queue.unshift(...back);
    } catch (error) {
      for (const item of items) close(item);
      throw error;
    }
  };

  const lease = async (line: LaneLine): Promise<void> => {
    const at = now();
    if (pace.callLimit(line.provider) !== null && at >= line.holdAgainAt) {
      line.held = await pace.holdCalls(line.provider, leaseToken, Math.min(calls, line.window.size));
      line.holdAgainAt = at + (line.held === 0 ? holdSoonMs : holdAgainMs);
    }
    const limit = room.wanted(line);
    if (limit === 0) return;
    const lost = line.targetIndexes.filter((index) => lostItems.isLost(batch, index));
    if (lost.length > 0 && (await lostItems.end(asking, generation, lost)) > 0) {
      // In no hurry while others are asked: the database has to do it for both.
      const areOthersBusy = lines.some((other) => other !== line && other.open.size > 0);
      if (areOthersBusy) line.dryUntil = now() + longestPauseMs;
      return;
    }
    const targetIndexes = line.targetIndexes.filter((index) => !lost.includes(index));
    const leasedUntil = at + dependencies.leaseMs;
    const times = { now: new Date(at), leaseUntil: new Date(leasedUntil) };
    const items = await repository.leaseItems({
      batchId,
      generation,
      limit,
      targetIndexes,
      leaseToken,
      ...times,
    });
    noteLease(line, items, { leasedUntil, now: now() });
  };
  const leasing = new Map<LaneLine, Promise<void>>();
  const leaseWhereWanted = (): void => {
    for (const line of lines) {
      const isDue = pace.callLimit(line.provider) !== null && now() >= line.holdAgainAt;
      if (leasing.has(line) || !(isDue || room.wanted(line) > 0)) continue;
      const work = lease(line).finally(() => leasing.delete(line));
      leasing.set(line, work);
      track(work);
    }
  };

  /** Nothing is under way and nothing was to be leased. @returns whether the turn ends */
  const lookAhead = async (): Promise<boolean> => {
    if (!isCurrent(await repository.findBatch(batchId), turn)) return true;
    const moments: number[] = [];
    for (const { targetIndexes, blockedUntil } of lines) {
      const ready = await repository.nextReadyAt(batchId, new Date(now()), targetIndexes);
      if (ready !== null) moments.push(Math.max(ready.getTime(), blockedUntil));
    }
    if (moments.length === 0) return true;
    const until = Math.min(...moments);
    if (until - now() > longestWaitMs) {
      report.next = 'wait';
      report.until = new Date(until).toISOString();
      return true;
    }
    for (const line of lines) line.dryUntil = 0;
    await waker.pause(Math.max(pollMs, until - now()));
    return false;
  };

  const work = async (): Promise<void> => {
    while (failures.length === 0) {
      if (isStopping() || now() >= endsAt) {
        report.next = 'again';
        return;
      }
      for (const line of lines) {
        const mayAsk = dependencies.isHeard(line.provider) || now() - startedAt > askAnywayMs;
        if (line.window.size === 0 && mayAsk) line.window.open();
        // What was just being leased when its provider asked for a pause must not hold the turn until that is over.
        const blockedUntil = line.blockedUntil - now() > longestPauseMs ? new Date(line.blockedUntil) : null;
        if (line.queue.length > 0 && (blockedUntil !== null || now() > line.leasedUntil)) {
          track(release(line.queue.splice(0), blockedUntil));
        }
      }
      for (const [line, items] of room.share()) track(begin(line, items));
      leaseWhereWanted();
      const isShut = ({ window }: LaneLine): boolean => window.size === 0;
      const isWaiting = (line: LaneLine): boolean =>
        line.queue.length === 0 &&
        (line.dryInARow > 0 || isShut(line) || line.blockedUntil - now() > longestWaitMs);
      const longestMs = lines.some(isShut) ? hearSoonMs : longestPauseMs;
      if (underWay.size > 0 || !lines.every(isWaiting)) {
        await waker.pause(Math.min(longestMs, room.nextMoment() - now(), endsAt - now()));
      } else if (await lookAhead()) return;
    }
  };

  try {
    await work();
  } finally {
    while (underWay.size > 0) await Promise.all(underWay);
    await release(
      lines.flatMap(({ queue }) => queue),
      null,
    );
    for (const { provider } of lines) {
      if (pace.callLimit(provider) !== null) await pace.releaseCalls(provider, leaseToken);
    }
  }
  if (failures.length > 0) throw failures[0];
  return report;
};
