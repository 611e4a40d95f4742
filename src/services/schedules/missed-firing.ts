import type { Schedule } from '../../contract/schedule.ts';
import type { CronTimes } from './cron-times.ts';

/** A firing is on time within its minute, so of those that fire every minute one is. */
const onTimeMs = 60_000;
/** Up to so many missed firings in a row get a row of the ledger each. */
const mostRows = 20;
/** Counting goes this far: what fires every minute misses half a million in a year. */
const mostCounted = 2000;

export const isLate = (fireTime: Date, now: Date): boolean => now.getTime() - fireTime.getTime() >= onTimeMs;

type Standing = {
  times: CronTimes;
  catchUp: Schedule['catchUp'];
  /** The planned firing that the schedule has come to. */
  fireTime: Date;
  now: Date;
};

/** Where the schedule goes on after what it missed; null: nowhere. */
const resumesAt = ({ times, catchUp, fireTime, now }: Standing): Date | null => {
  if (catchUp === 'all' || !isLate(fireTime, now)) return fireTime;
  const firstOnTime = times.next(new Date(now.getTime() - onTimeMs));
  if (catchUp === 'none') return firstOnTime;
  const latest = times.latest(now);
  // Not among today's times (the zone's rules have changed since it was planned): then it is the latest itself.
  if (latest === null || latest < fireTime) return fireTime;
  return isLate(latest, now) ? latest : firstOnTime;
};

/**
 * Whether the firing is to be left out as missed, and what the ledger says of it. Up to 20 missed in a row are left out one by
 * one; of more the first one's row stands for all, says how many they were, and the schedule goes on behind the last of them.
 * @returns null: it is to be started, whether on time or late
 */
export const missedFiring = (standing: Standing): { detail: string; nextFireAt: Date | null } | null => {
  const { times, fireTime } = standing;
  const resumed = resumesAt(standing);
  if (resumed !== null && resumed <= fireTime) return null;
  const isMissed = (time: Date | null): time is Date => time !== null && (resumed === null || time < resumed);
  const second = times.next(fireTime);
  let count = 1;
  let last = fireTime;
  for (let time = second; isMissed(time) && count <= mostCounted; time = times.next(time)) {
    count += 1;
    last = time;
  }
  if (count <= mostRows) return { detail: 'missed', nextFireAt: second };
  if (count <= mostCounted) {
    return { detail: `missed: ${count} firings up to ${last.toISOString()}`, nextFireAt: resumed };
  }
  const until = resumed === null ? standing.now : new Date(resumed.getTime() - 1);
  const end = (times.latest(until) ?? last).toISOString();
  return { detail: `missed: more than ${mostCounted} firings up to ${end}`, nextFireAt: resumed };
};
