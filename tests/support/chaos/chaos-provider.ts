import { fork } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';

export type ChaosProviderSettings = {
  latencyMs: number;
  /** Added to the latency, up to this. */
  jitterMs: number;
  /** Of calls that get anything but a good answer: 429, 5xx, a cut or silent connection, what is no JSON. */
  faultShare: number;
  seed: number;
};

const Call = z.object({ question: z.string(), at: z.number(), isFaulty: z.boolean() });
/** One call as it arrived; `at` in epoch ms. */
export type ChaosCall = z.infer<typeof Call>;

export type ChaosProvider = {
  baseUrl: string;
  /** Begins a new log. */
  configure(settings: ChaosProviderSettings): Promise<void>;
  calls(): Promise<ChaosCall[]>;
  stop(): Promise<void>;
};

/** Starts the vendor in a process of its own. */
export const startChaosProvider = async (): Promise<ChaosProvider> => {
  const child = fork(join(import.meta.dirname, 'chaos-provider-process.ts'), [], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const told = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const onExit = (code: number | null) => reject(new Error(`the provider ended with ${code}`));
      child.once('exit', onExit);
      child.once('message', (message) => {
        child.off('exit', onExit);
        resolve(message);
      });
    });
  const { baseUrl } = z.object({ baseUrl: z.string() }).parse(await told());
  return {
    baseUrl,
    configure: async (settings) => {
      child.send({ type: 'configure', settings });
      await told();
    },
    calls: async () => {
      child.send({ type: 'calls' });
      return z.object({ calls: z.array(Call) }).parse(await told()).calls;
    },
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    },
  };
};
