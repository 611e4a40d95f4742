/** Starts the orchestrations that embed what waits. Whatever it loses, the tick starts again. */
export type EmbeddingConductor = {
  /** Does nothing when this generation's orchestration is there already. */
  startEmbedding(started: { spaceId: number; generation: number }): Promise<void>;
};

/** One turn of the job. Travels through Durable. */
export type EmbeddingTurn = { spaceId: number; generation: number; round: number };

/** `again`: its time is over, and more waits. Travels through Durable. */
export type EmbeddingReport = { next: 'done' | 'again' };
