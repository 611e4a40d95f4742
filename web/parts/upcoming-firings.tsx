import { formatInZone } from '../format/format-times.ts';
import { nextFirings } from '../format/next-firings.ts';

const shownFirings = 5;

/** When an expression fires next, in its own zone. */
export const UpcomingFirings = ({ cron, timeZone }: { cron: string; timeZone: string }) => {
  const times = nextFirings(cron, timeZone, shownFirings, new Date());
  if (times.length === 0)
    return <p className="quiet">No time fits: five fields and a time zone are needed.</p>;
  return (
    <ol className="upcoming">
      {times.map((time) => (
        <li key={time.getTime()}>
          <time dateTime={time.toISOString()}>{formatInZone(time, timeZone)}</time>
        </li>
      ))}
    </ol>
  );
};
