import { app, type HttpHandler } from '@azure/functions';
import { app as durable } from 'durable-functions';
import type { EmbeddingReport, EmbeddingTurn } from '../services/embeddings/embedding-conductor.ts';
import type { ExportReport, ExportTurn } from '../services/exports/export-conductor.ts';
import type { LaneReport, LaneTurn } from '../services/lanes/batch-runner.ts';
import type { Logger } from '../telemetry/logger.ts';
import { batchFunctionNames, batchOrchestrator, laneOrchestrator } from './batch-orchestrators.ts';
import type { DurableConductor } from './durable-conductor.ts';
import { createHttpAdapter } from './http-adapter.ts';
import { httpFunctions, httpMethods, tickFunction } from './http-functions.ts';
import { keepPlatformLog } from './platform-log.ts';
import {
  embeddingFunctionNames,
  embeddingOrchestrator,
  exportFunctionNames,
  exportOrchestrator,
} from './turn-orchestrators.ts';

export type RegisterOptions = {
  handle: (request: Request) => Promise<Response>;
  /** One turn of a lane of a batch. */
  runLane: (turn: LaneTurn) => Promise<LaneReport>;
  /** One turn of the work on an export. */
  runExport: (turn: ExportTurn) => Promise<ExportReport>;
  /** One turn of the work on embeddings. */
  runEmbedding: (turn: EmbeddingTurn) => Promise<EmbeddingReport>;
  /** The work of every minute. */
  tick: () => Promise<void>;
  /** Flushes and closes what is open. */
  close: () => Promise<void>;
  conductor: DurableConductor;
  logger: Logger;
  httpStream: boolean;
  /** Whether spans of ours go to Application Insights, so that the host leaves that to us. */
  tracesItself?: boolean;
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
  const { logger, conductor } = options;
  app.setup({
    enableHttpStream: options.httpStream,
    ...(options.tracesItself && { capabilities: { WorkerOpenTelemetryEnabled: true } }),
  });
  if (options.tracesItself) keepPlatformLog(app.hook.log, logger);
  surviveRejections(logger);

  const answer = createHttpAdapter(options);
  // Every request may find a tick to be overdue, and start batches.
  const extraInputs = [conductor.binding];
  const handler: HttpHandler = (request, context) => {
    conductor.meet(context);
    return answer(request, context.traceContext?.traceParent);
  };
  for (const { name, route } of httpFunctions) {
    // Access is the API's own affair: keys of the platform would be a second lock.
    app.http(name, { route, methods: [...httpMethods], authLevel: 'anonymous', extraInputs, handler });
  }
  app.timer(tickFunction.name, {
    schedule: tickFunction.schedule,
    extraInputs,
    handler: async (_timer, context) => {
      conductor.meet(context);
      try {
        await options.tick();
      } catch (error) {
        logger.error('tick failed', { error });
      }
    },
  });
  durable.orchestration(batchFunctionNames.batch, batchOrchestrator);
  durable.orchestration(batchFunctionNames.lane, laneOrchestrator);
  durable.activity(batchFunctionNames.turn, { handler: (turn: LaneTurn) => options.runLane(turn) });
  durable.orchestration(exportFunctionNames.export, exportOrchestrator);
  durable.activity(exportFunctionNames.turn, { handler: (turn: ExportTurn) => options.runExport(turn) });
  durable.orchestration(embeddingFunctionNames.embed, embeddingOrchestrator);
  durable.activity(embeddingFunctionNames.turn, {
    handler: (turn: EmbeddingTurn) => options.runEmbedding(turn),
  });
  app.hook.appTerminate(() => closeInTime(options.close, logger));
};
