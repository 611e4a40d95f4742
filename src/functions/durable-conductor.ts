import type { FunctionInput, InvocationContext } from '@azure/functions';
import { type DurableClient, getClient, input, OrchestrationRuntimeStatus } from 'durable-functions';
import type { BatchConductor, ConductorState } from '../services/batches/batch-conductor.ts';
import type { EmbeddingConductor } from '../services/embeddings/embedding-conductor.ts';
import type { ExportConductor } from '../services/exports/export-conductor.ts';
import { type BatchStart, batchFunctionNames } from './batch-orchestrators.ts';
import {
  type EmbeddingStart,
  type ExportStart,
  embeddingFunctionNames,
  exportFunctionNames,
} from './turn-orchestrators.ts';

export type DurableConductor = BatchConductor &
  ExportConductor &
  EmbeddingConductor & {
    /** The binding that every function with this conductor needs. */
    readonly binding: FunctionInput;
    /** To be called at the beginning of an invocation: where the Durable extension is, only the platform tells. */
    meet(context: InvocationContext): void;
  };

/** The extension answers the same to everybody, so the first invocation's client serves the whole process. */
export const createDurableConductor = (): DurableConductor => {
  const binding = input.durableClient();
  let client: DurableClient | null = null;

  const connected = (): DurableClient => {
    if (client === null) throw new Error('no invocation has brought a Durable client yet');
    return client;
  };
  const instanceOf = (id: string, generation: number) => `${id}-${generation}`;

  const state = async (batchId: string, generation: number): Promise<ConductorState> => {
    try {
      const { runtimeStatus } = await connected().getStatus(instanceOf(batchId, generation));
      return ended.has(runtimeStatus) ? 'ended' : 'running';
    } catch (error) {
      // The library knows no other way of saying so.
      if (error instanceof Error && error.message.includes('HTTP 404')) return 'missing';
      throw error;
    }
  };

  const begin = async (name: string, id: string, generation: number, start: object): Promise<void> => {
    try {
      await connected().startNew(name, { instanceId: instanceOf(id, generation), input: start });
    } catch (error) {
      // Another process was quicker: the extension refuses an instance that runs.
      if ((await state(id, generation)) === 'missing') throw error;
    }
  };

  return {
    binding,
    meet: (context) => {
      try {
        client ??= getClient(context);
      } catch {
        // A host without the extension: what needs no orchestration still works, and what does will say so.
      }
    },
    state,
    start: ({ id: batchId, generation, lanes }) => {
      const start: BatchStart = { batchId, generation, lanes };
      return begin(batchFunctionNames.batch, batchId, generation, start);
    },
    startExport: ({ id: exportId, generation }) => {
      const start: ExportStart = { exportId, generation, round: 1 };
      return begin(exportFunctionNames.export, exportId, generation, start);
    },
    startEmbedding: ({ spaceId, generation }) => {
      const start: EmbeddingStart = { spaceId, generation, round: 1 };
      return begin(embeddingFunctionNames.embed, `embeddings-${spaceId}`, generation, start);
    },
  };
};

const ended: ReadonlySet<OrchestrationRuntimeStatus> = new Set([
  OrchestrationRuntimeStatus.Completed,
  OrchestrationRuntimeStatus.Failed,
  OrchestrationRuntimeStatus.Terminated,
  OrchestrationRuntimeStatus.Canceled,
]);
