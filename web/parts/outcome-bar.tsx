import type { BatchCounts } from '../../src/contract/batch.ts';
import { Outcome } from '../../src/contract/inference.ts';
import { formatCount, formatShare, formatWord } from '../format/format-values.ts';

/** How the questions of a batch ended, to scale; what is under way or still to come stays empty. */
export const OutcomeBar = ({ counts }: { counts: BatchCounts }) => {
  const settled = counts.planned - counts.pending - counts.inProgress;
  return (
    <div
      className="bar"
      role="progressbar"
      aria-label="Questions that have an outcome"
      aria-valuemin={0}
      aria-valuemax={counts.planned}
      aria-valuenow={settled}
      aria-valuetext={`${formatCount(settled)} of ${formatCount(counts.planned)} (${formatShare(settled, counts.planned)})`}
    >
      {Outcome.options.map((outcome) => {
        const count = counts.outcomes[outcome] ?? 0;
        if (count === 0) return null;
        return (
          <span
            key={outcome}
            className={`bar-part bar-${outcome}`}
            style={{ flexGrow: count }}
            title={`${formatWord(outcome)}: ${formatCount(count)}`}
          />
        );
      })}
      <span className="bar-part bar-busy" style={{ flexGrow: counts.inProgress }} />
      <span className="bar-part" style={{ flexGrow: counts.pending }} />
    </div>
  );
};
