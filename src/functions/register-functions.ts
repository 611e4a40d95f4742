import { app } from '@azure/functions';
import type { Logger } from '../telemetry/logger.ts';
import { createHttpAdapter } from './http-adapter.ts';
import { httpFunctions, httpMethods, sweepFunction } from './http-functions.ts';

export type RegisterOptions = {
  handle: (request: Request) => Promise<Response>;
  /** Settles runs whose worker died; answers how many. */
  sweep: () => Promise<number>;
  /** Flushes and closes what is open. */
  close: () => Promise<void>;
  logger: Logger;
  httpStream: boolean;
  answerWithinMs?: number;
  streamWithinMs?: number;
};

/** `appTerminate` hooks get about 4.5 s in Azure; then the worker is killed. */
const closeWithinMs = 3_000;

/** A rejection that nobody handles ends the worker, and the third time the host; with a listener it is only logged. */
const surviveRejections = (logger: Logger): void => {
  process.on('unhandledRejection', (error) => logger.error('unhandled rejection', { error }));
};

const closeInTime = async (close: () => Promise<void>, logger: Logger): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      logger.warn('closing took too long', { closeWithinMs });
      resolve();
    }, closeWithinMs);
  });
  try {
    await Promise.race([close(), late]);
  } catch (error) {
    logger.error('closing failed', { error });
  } finally {
    clearTimeout(timer);
  }
};

/** Registers all functions of the app with the platform. Call once, while the entry point is being loaded. */
export const registerFunctions = (options: RegisterOptions): void => {
  const { logger } = options;
  app.setup({ enableHttpStream: options.httpStream });
  surviveRejections(logger);

  const handler = createHttpAdapter(options);
  for (const { name, route } of httpFunctions) {
    // Access is the API's own affair: keys of the platform would be a second lock.
    app.http(name, { route, methods: [...httpMethods], authLevel: 'anonymous', handler });
  }
  app.timer(sweepFunction.name, {
    schedule: sweepFunction.schedule,
    handler: async () => {
      try {
        const swept = await options.sweep();
        if (swept > 0) logger.warn('runs without an end settled', { swept });
      } catch (error) {
        logger.error('sweep failed', { error });
      }
    },
  });
  app.hook.appTerminate(() => closeInTime(options.close, logger));
};
