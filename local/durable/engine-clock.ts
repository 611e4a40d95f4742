/** The engine's time; tests let it run faster. */
export type EngineClock = {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls back after `delayMs`; gives what cancels it. */
  after(delayMs: number, callback: () => void): () => void;
};

/** `setTimeout` takes no more than this; a wake-up that is too early does no harm. */
const longestDelayMs = 2 ** 31 - 1;

export const systemClock: EngineClock = {
  now: () => Date.now(),
  after: (delayMs, callback) => {
    const handle = setTimeout(callback, Math.min(Math.max(0, delayMs), longestDelayMs));
    return () => clearTimeout(handle);
  },
};
