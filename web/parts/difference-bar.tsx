type DifferenceBarProps = { mean: number; low: number; high: number };

const width = 100;
/** How much of each side the farther end of the interval takes. */
const reach = 46;

/** An interval around its value, with 0 in the middle: what it leaves out is seen at once. The words stand beside it. */
export const DifferenceBar = ({ mean, low, high }: DifferenceBarProps) => {
  const most = Math.max(Math.abs(low), Math.abs(high), Number.MIN_VALUE);
  const x = (value: number) => width / 2 + (value / most) * reach;
  return (
    <svg className="difference" viewBox={`0 0 ${width} 10`} aria-hidden="true" preserveAspectRatio="none">
      <line className="difference-zero" x1={width / 2} x2={width / 2} y1={0} y2={10} />
      <rect x={x(low)} width={Math.max(0.5, x(high) - x(low))} y={3.5} height={3} rx={1} />
      <rect className="difference-mean" x={x(mean) - 0.75} width={1.5} y={1} height={8} />
    </svg>
  );
};
