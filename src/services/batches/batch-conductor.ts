import type { Batch } from '../../contract/batch.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { lanesOf } from '../lanes/lane-room.ts';

/** What has become of the orchestration of one generation of a batch. */
export type ConductorState = 'running' | 'ended' | 'missing';

/** Starts the orchestrations of batches. It is not trusted with the truth: whatever it loses, the tick starts again. */
export type BatchConductor = {
  /** Does nothing when this generation's orchestration is there already. */
  start(batch: { id: string; generation: number; lanes: number }): Promise<void>;
  state(batchId: string, generation: number): Promise<ConductorState>;
};

export type StartBatch = (batch: Pick<Batch, 'id' | 'generation' | 'concurrency'>) => Promise<boolean>;

/** Starts a batch that is stored already, so a failure is no more than a line in the log. @returns whether it was started */
export const createStartBatch =
  ({ conductor, logger }: { conductor: BatchConductor; logger: Logger }): StartBatch =>
  async ({ id, generation, concurrency }) => {
    try {
      await conductor.start({ id, generation, lanes: lanesOf(concurrency).length });
      return true;
    } catch (error) {
      logger.warn('batch not started yet, the tick will', { batchId: id, generation, error });
      return false;
    }
  };
