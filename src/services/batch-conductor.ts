/** What has become of the orchestration of one generation of a batch. */
export type ConductorState = 'running' | 'ended' | 'missing';

/** Starts the orchestrations of batches. It is not trusted with the truth: whatever it loses, the tick starts again. */
export type BatchConductor = {
  /** Does nothing when this generation's orchestration is there already. */
  start(batchId: string, generation: number): Promise<void>;
  state(batchId: string, generation: number): Promise<ConductorState>;
};
