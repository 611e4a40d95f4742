import { useEffect, useState } from 'react';
import { formatAgo, formatTime } from '../format/format-times.ts';
import { unknown } from '../format/format-values.ts';

const tickMs = 15_000;

/** The distance to a moment, kept up to date; the moment itself is its tooltip. */
export const AgoText = ({ at }: { at: string | null }) => {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), tickMs);
    return () => clearInterval(timer);
  }, []);
  if (at === null) return <span>{unknown}</span>;
  return (
    <time className="nowrap" dateTime={at} title={`${formatTime(at)} (${at})`}>
      {formatAgo(at, Math.max(now, Date.now()))}
    </time>
  );
};

export const TimeText = ({ at }: { at: string | null }) =>
  at === null ? (
    <span>{unknown}</span>
  ) : (
    <time dateTime={at} title={at}>
      {formatTime(at)}
    </time>
  );
