import type { FunctionInput, InvocationContext } from '@azure/functions';
import { type DurableClient, getClient, input, OrchestrationRuntimeStatus } from 'durable-functions';
import type { BatchConductor, ConductorState } from '../services/batch-conductor.ts';
import { type BatchStart, batchFunctionNames } from './batch-orchestrators.ts';

export type DurableConductor = BatchConductor & {
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
  const instanceOf = (batchId: string, generation: number) => `${batchId}-${generation}`;

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
    start: async ({ id: batchId, generation, lanes }) => {
      const start: BatchStart = { batchId, generation, lanes };
      try {
        const instanceId = instanceOf(batchId, generation);
        await connected().startNew(batchFunctionNames.batch, { instanceId, input: start });
      } catch (error) {
        // Another process was quicker: the extension refuses an instance that runs.
        if ((await state(batchId, generation)) === 'missing') throw error;
      }
    },
  };
};

const ended: ReadonlySet<OrchestrationRuntimeStatus> = new Set([
  OrchestrationRuntimeStatus.Completed,
  OrchestrationRuntimeStatus.Failed,
  OrchestrationRuntimeStatus.Terminated,
  OrchestrationRuntimeStatus.Canceled,
]);
