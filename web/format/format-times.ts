import { formatDuration, unknown } from './format-values.ts';

const shortTime = new Intl.DateTimeFormat('en-GB', {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

const clockTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** In the reader's own time zone. */
export const formatTime = (timestamp: string | null | undefined): string =>
  timestamp === null || timestamp === undefined ? unknown : shortTime.format(new Date(timestamp));

const zonedTimes = new Map<string, Intl.DateTimeFormat>();
/** In a named time zone, with weekday. */
export const formatInZone = (moment: Date, timeZone: string): string => {
  let format = zonedTimes.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      weekday: 'short',
      year: 'numeric',
      month: 'short',
      day: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      timeZone,
      timeZoneName: 'short',
    });
    zonedTimes.set(timeZone, format);
  }
  return format.format(moment);
};

/** `5 min ago`, `in 2 h`. */
export const formatAgo = (timestamp: string | null | undefined, now: number): string => {
  if (timestamp === null || timestamp === undefined) return unknown;
  const distanceMs = now - Date.parse(timestamp);
  if (Math.abs(distanceMs) < 10_000) return 'now';
  // Only the larger unit: the exact time stands in the tooltip.
  const whole = formatDuration(Math.max(10_000, Math.abs(distanceMs)));
  const text = whole.split(' ').slice(0, 2).join(' ');
  return distanceMs >= 0 ? `${text} ago` : `in ${text}`;
};

/** Without the day: for what is soon. */
export const formatClock = (timestamp: string): string => clockTime.format(new Date(timestamp));

/** A time of `datetime-local` in the reader's zone, as RFC 3339; undefined: none. */
export const toTimestamp = (local: string): string | undefined => {
  const moment = new Date(local);
  return local === '' || Number.isNaN(moment.getTime()) ? undefined : moment.toISOString();
};

/** A timestamp for `datetime-local`, in the reader's zone. */
export const toLocalInput = (timestamp: string | undefined): string => {
  if (timestamp === undefined) return '';
  const moment = new Date(timestamp);
  if (Number.isNaN(moment.getTime())) return '';
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};
