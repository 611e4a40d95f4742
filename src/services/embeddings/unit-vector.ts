/**
 * A vector of length 1 in the same direction, which is all that a cosine looks at, and whose parts half precision can hold.
 * @returns null for one that has no direction, or parts that are no numbers
 */
export const unitVector = (vector: readonly number[]): number[] | null => {
  // The largest part first: squares of very large or small ones would leave the range of numbers.
  const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (!(largest > 0) || !Number.isFinite(largest)) return null;
  const scaled = vector.map((value) => value / largest);
  const length = Math.sqrt(scaled.reduce((sum, value) => sum + value * value, 0));
  return scaled.map((value) => value / length);
};
