/** What the end of a call says of its provider: did its work; refused the call as one too many; did not answer as it should. */
export type CallVerdict = 'well' | 'hasty' | 'broken';

/** How many calls one worker may have under way at one provider, as learned from what becomes of them. */
export type CallWindow = {
  /** 0: shut, until it is opened. */
  readonly size: number;
  /** Opens a shut one: somebody else has heard the provider. */
  open(): void;
  note(verdict: CallVerdict): void;
};

/** Calls that each success adds below the last cut. The first answer opens a lane: a batch with one provider begins that way. */
const rampStep = 16;
/** One failure is bad luck; so many in a row are taken for a provider that is not there. */
const brokenInARow = 5;

/**
 * Slow start, additive increase and multiplicative decrease (RFC 5681 §3.1, for calls instead of segments): grows quickly up to
 * where it was cut last, by one for each round of answers from there on. Refusals for haste halve it, once in a round, because
 * the calls under way all come back with the same news; failures in a row set it back to one call. A provider that never answers
 * thus never holds more than the first call, however many are waiting for it.
 */
export const createCallWindow = ({ first, most }: { first: number; most: number }): CallWindow => {
  let size = Math.min(first, most);
  let threshold = most;
  let inARow = 0;
  let untilNextCut = 0;

  const cut = (to: number): void => {
    threshold = Math.max(1, size / 2);
    untilNextCut = size;
    size = to;
  };

  return {
    get size() {
      return Math.floor(size);
    },
    open: () => {
      if (size < 1) size = most;
    },
    note: (verdict) => {
      untilNextCut -= 1;
      inARow = verdict === 'broken' ? inARow + 1 : 0;
      if (verdict === 'well') size = Math.min(most, size < threshold ? size + rampStep : size + 1 / size);
      else if (verdict === 'hasty' && untilNextCut <= 0) cut(Math.max(1, size / 2));
      else if (inARow >= brokenInARow) {
        cut(1);
        inARow = 0;
      }
    },
  };
};
