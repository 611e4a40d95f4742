/** The largest sum of what lies in a window of `windowMs`; each entry is a moment (ms) and its weight. */
export const mostInWindow = (
  entries: readonly { at: number; weight: number }[],
  windowMs: number,
): number => {
  const sorted = [...entries].sort((a, b) => a.at - b.at);
  let start = 0;
  let sum = 0;
  let most = 0;
  for (const { at, weight } of sorted) {
    sum += weight;
    for (let first = sorted[start]; first !== undefined && at - first.at >= windowMs; first = sorted[start]) {
      sum -= first.weight;
      start += 1;
    }
    most = Math.max(most, sum);
  }
  return most;
};

/** Calls in the order of their ends would do as well: the most that were under way at any moment. */
export const mostAtOnce = (calls: readonly { from: number; to: number }[]): number => {
  const changes = calls
    .flatMap(({ from, to }) => [
      { at: from, by: 1 },
      { at: to, by: -1 },
    ])
    .sort((a, b) => a.at - b.at || a.by - b.by);
  let now = 0;
  return changes.reduce((most, { by }) => {
    now += by;
    return Math.max(most, now);
  }, 0);
};

/** The value below which `share` of all lie. */
export const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[
    Math.min(values.length - 1, Math.max(0, Math.ceil(values.length * share) - 1))
  ] ?? 0;
