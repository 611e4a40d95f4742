import type { BatchConductor } from '../../src/services/batch-conductor.ts';

/** Starts nothing and remembers what it should have started. */
export const createFakeConductor = (): BatchConductor & {
  started: { id: string; generation: number; lanes: number }[];
} => {
  const started: { id: string; generation: number; lanes: number }[] = [];
  return {
    started,
    start: async (batch) => {
      started.push(batch);
    },
    state: async (batchId, generation) =>
      started.some((batch) => batch.id === batchId && batch.generation === generation)
        ? 'running'
        : 'missing',
  };
};
