export type BenchmarkOptions = Record<string, { type: 'string'; default: string; about: string }>;

/** One benchmark: brings up what it needs, measures, takes itself down, and gives its figures. */
export type Benchmark = {
  about: string;
  options: BenchmarkOptions;
  /** Bounds that the product promises; a figure outside is listed under `missed`. */
  bounds: Record<string, { atMost: number } | { atLeast: number }>;
  /** @throws when a measurement would not be valid, such as answers without rows. */
  run(options: Record<string, string>): Promise<Record<string, unknown>>;
};

/** The middle value; of an even number of values the mean of the two in the middle. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new Error('no values');
  return (low + high) / 2;
};

/** Figures are kept to three decimals: more would be noise. */
export const round = (value: number): number => Math.round(value * 1000) / 1000;

/** One line of progress; the figures alone go to standard output. */
export const progress = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
