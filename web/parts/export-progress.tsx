import type { Export } from '../../src/contract/export.ts';
import { formatBytes, formatCount, formatUnit } from '../format/format-values.ts';

/** The bar that fits what is known: how far of how much, or only that something is done. */
export const ProgressBar = ({ label, done, of }: { label: string; done: number; of: number | null }) =>
  of === null || of <= 0 ? (
    <progress aria-label={label} />
  ) : (
    <progress aria-label={label} value={Math.min(done, of)} max={of} />
  );

/** How far a file is that is being made. */
export const WritingProgress = ({ made, expectedRows }: { made: Export; expectedRows: number | null }) => (
  <div className="making">
    <ProgressBar label="Rows written" done={made.rows} of={expectedRows} />
    <span className="quiet small">
      {expectedRows !== null && expectedRows >= made.rows
        ? `${formatCount(made.rows)} of ${formatUnit(expectedRows, 'row')}`
        : formatUnit(made.rows, 'row')}
      , {formatBytes(made.bytes)} so far
    </span>
  </div>
);

/** How much of a file has arrived. */
export const DownloadProgress = ({ made, received }: { made: Export; received: number }) => (
  <div className="making">
    <ProgressBar label="Downloaded" done={received} of={made.bytes} />
    <span className="quiet small">
      {formatBytes(received)} of {formatBytes(made.bytes)} downloaded
    </span>
  </div>
);
