/** How many calls one worker may have under way at one provider, as learned from what becomes of them. */
export type CallWindow = {
  readonly size: number;
  succeeded(): void;
  /** Refused as one too many, or not answered at all. */
  failed(): void;
};

/** Calls that each success adds while nothing has gone wrong yet: the window triples with each round of answers. */
const rampStep = 2;

/**
 * Slow start, then additive increase and multiplicative decrease (RFC 5681 §3.1, for calls instead of segments): grows quickly
 * up to where it was halved last, by one for each round of answers from there on. A provider that never answers thus never
 * holds more than the first few calls, however many are waiting for it.
 */
export const createCallWindow = ({ first, most }: { first: number; most: number }): CallWindow => {
  let size = Math.min(first, most);
  let threshold = most;
  return {
    get size() {
      return Math.floor(size);
    },
    succeeded: () => {
      size = Math.min(most, size < threshold ? size + rampStep : size + 1 / size);
    },
    failed: () => {
      threshold = Math.max(1, size / 2);
      size = threshold;
    },
  };
};
