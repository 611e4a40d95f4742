import type { TickReport } from '../contract/tick.ts';

/** The work of every minute: nothing of it depends on who does it, or how often. */
export type TickService = {
  /** Each part for itself: what fails is logged, and the others go on. */
  tick(): Promise<TickReport>;
  /** The minute's own turn: null when another process has just had it. */
  tickInTurn(): Promise<TickReport | null>;
  /** For ordinary requests: ticks when nobody has for 90 s. Asks the database once a minute at most; never throws. */
  tickIfStale(): Promise<void>;
};
