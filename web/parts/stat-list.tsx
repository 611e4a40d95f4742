import type { ReactNode } from 'react';

export type Stat = { label: string; value: ReactNode; note?: ReactNode };

/** Headline figures beside each other. */
export const StatTiles = ({ stats }: { stats: readonly Stat[] }) => (
  <dl className="tiles">
    {stats.map(({ label, value, note }) => (
      <div key={label} className="tile">
        <dt>{label}</dt>
        <dd>{value}</dd>
        {note !== undefined && <dd className="tile-note">{note}</dd>}
      </div>
    ))}
  </dl>
);

/** Facts below each other. */
export const FactList = ({ facts }: { facts: readonly Stat[] }) => (
  <dl className="facts">
    {facts.map(({ label, value }) => (
      <div key={label}>
        <dt>{label}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);
