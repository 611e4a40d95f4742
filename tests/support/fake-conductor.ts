import type { BatchConductor } from '../../src/services/batches/batch-conductor.ts';
import type { EmbeddingConductor } from '../../src/services/embeddings/embedding-conductor.ts';
import type { ExportConductor } from '../../src/services/exports/export-conductor.ts';

/** Starts nothing and remembers what it should have started. */
export const createFakeConductor = (): BatchConductor &
  ExportConductor &
  EmbeddingConductor & {
    started: { id: string; generation: number; lanes: number }[];
    startedExports: { id: string; generation: number }[];
    startedEmbeddings: { spaceId: number; generation: number }[];
  } => {
  const startedEmbeddings: { spaceId: number; generation: number }[] = [];
  const startedExports: { id: string; generation: number }[] = [];
  const started: { id: string; generation: number; lanes: number }[] = [];
  return {
    started,
    startedExports,
    startedEmbeddings,
    startEmbedding: async (start) => {
      startedEmbeddings.push(start);
    },
    startExport: async (start) => {
      startedExports.push(start);
    },
    start: async (batch) => {
      started.push(batch);
    },
    state: async (batchId, generation) =>
      started.some((batch) => batch.id === batchId && batch.generation === generation)
        ? 'running'
        : 'missing',
  };
};
