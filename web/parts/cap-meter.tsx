import { formatShare } from '../format/format-values.ts';

type CapMeterProps = {
  /** Of what. */
  label: string;
  spent: number;
  /** For calls under way, at their upper bound. */
  reserved: number;
  cap: number;
  format: (amount: number) => string;
};

/** Spending against its cap, what is reserved beside what is spent. */
export const CapMeter = ({ label, spent, reserved, cap, format }: CapMeterProps) => {
  // In percent: parts that come to less than 1 would not fill the bar.
  const partOf = (amount: number) => (cap === 0 ? 0 : (amount / cap) * 100);
  return (
    <>
      <span
        className="bar meter"
        role="img"
        aria-label={`${format(spent)} of the cap of ${label}, ${format(cap)}, are spent`}
      >
        <span
          className={spent >= cap * 0.9 ? 'bar-part bar-refused' : 'bar-part bar-ok'}
          style={{ flexGrow: partOf(spent) }}
        />
        <span className="bar-part bar-busy" style={{ flexGrow: partOf(reserved) }} />
        <span className="bar-part" style={{ flexGrow: Math.max(0, 100 - partOf(spent + reserved)) }} />
      </span>
      {formatShare(spent, cap)} of {format(cap)} cap
      {reserved > 0 && `, ${format(reserved)} reserved`}
    </>
  );
};
