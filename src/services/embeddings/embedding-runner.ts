import type { EmbeddingReport } from './embedding-conductor.ts';

export type EmbeddingTurnLimits = {
  /** No further call is made later, in ms. */
  withinMs: number;
  /** A durable job shows that it is there, so that nobody else begins. */
  isJob: boolean;
  /** How long it rests after each call, as a multiple of what the call took; left out: twice, and twelve times while a batch is asked in this process. */
  rest?: number;
};

/** The workers behind search by meaning. */
export type EmbeddingRunner = {
  /**
   * Notes which prompts settled runs have asked, and embeds those that wait. Any number at once get different prompts.
   * @returns `again`: its time is over, and more waits that may be asked now; `embedded`: how many prompts it did
   * @throws {AppError} database_unavailable; what is stored stays
   */
  runTurn(limits: EmbeddingTurnLimits): Promise<EmbeddingReport & { embedded: number }>;
  /** Ends turns behind the call that is under way. */
  stop(): Promise<void>;
};
