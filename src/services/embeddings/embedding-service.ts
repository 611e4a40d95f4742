/** Sees to it that prompts get their embeddings. */
export type EmbeddingService = {
  /**
   * The share of the tick: declares lost calls lost, does what can be done in a moment, and starts the durable job when more waits
   * and no job is there. @returns how many prompts were embedded
   */
  tend(): Promise<number>;
  /** An inference was recorded: in a quiet moment soon after, its prompt is embedded. Costs the caller nothing; never throws. */
  soon(): void;
  /** Forgets what it was to do soon. */
  stop(): void;
};
