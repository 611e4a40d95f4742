import type { Logger } from '../telemetry/logger.ts';
import { createDurableConductor } from './durable-conductor.ts';
import { platformAnswer } from './platform-answer.ts';
import { registerFunctions } from './register-functions.ts';

export type SettingFault = { setting: string; message: string };

/**
 * Registers the same functions, each answering 503 with the names of the faulty settings. An app that threw instead
 * would leave a host that runs and answers 404 on every route. Only names are told: values may be secrets.
 */
export const registerMisconfiguredApp = (options: {
  faults: readonly SettingFault[];
  logger: Logger;
  httpStream: boolean;
}): void => {
  const { faults, logger, httpStream } = options;
  const names = [...new Set(faults.map(({ setting }) => setting))].join(', ');
  logger.error('the configuration is faulty; every route answers 503', { faults });
  registerFunctions({
    logger,
    httpStream,
    handle: async (request) =>
      platformAnswer(request.url, {
        status: 503,
        code: 'misconfigured',
        title: 'Misconfigured',
        detail: `Faulty settings: ${names}. The log of the app tells more.`,
        retryable: true,
        errors: [],
      }),
    runLane: async () => {
      throw new Error('the configuration is faulty');
    },
    runExport: async () => {
      throw new Error('the configuration is faulty');
    },
    runEmbedding: async () => {
      throw new Error('the configuration is faulty');
    },
    tick: async () => undefined,
    close: async () => undefined,
    conductor: createDurableConductor(),
  });
};
