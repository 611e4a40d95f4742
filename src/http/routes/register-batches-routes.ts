import type { BatchDefinition, CreateBatch } from '../../contract/batch.ts';
import { toOpenaiBatchOutput } from '../../contract/openai-batch-output.ts';
import { AppError } from '../../errors.ts';
import type { BatchService, QuestionSource } from '../../services/batches/batch-service.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { ApiApp, ApiContext } from '../app-env.ts';
import { batchEvents } from '../batch-events.ts';
import { requestBytes } from '../request-bytes.ts';
import * as routes from './batches-routes.ts';

export type BatchesOptions = {
  service: BatchService;
  /** Whether answers reach the caller piece by piece. */
  streams: boolean;
  logger: Logger;
};

/** How long a stream of events lasts; where it arrives in one piece at the end, nobody should wait long for it. */
const eventsMs = 4 * 60_000;
const eventsInOnePieceMs = 5000;

const missing = (pointer: string, message: string): AppError =>
  new AppError('invalid_request', 'The request does not fit the contract; `errors` names the places.', {
    faults: [{ pointer, message }],
  });

/** A body that is left out arrives as an empty object. */
const isGiven = (body: Partial<CreateBatch>): body is CreateBatch => body.targets !== undefined;

/** Definition and questions, from whichever of the three forms the request has. */
const readRequest = (
  c: ApiContext,
  body: Partial<CreateBatch>,
  inQuery: BatchDefinition | undefined,
): { definition: BatchDefinition; source: QuestionSource } => {
  if (c.get('rawType') !== undefined) {
    if (inQuery === undefined) throw missing('?definition', 'is needed beside a body of JSON lines');
    const contentEncoding = c.get('contentEncoding') ?? 'identity';
    return { definition: inQuery, source: { lines: requestBytes(c), contentEncoding } };
  }
  if (inQuery !== undefined) throw missing('?definition', 'is a part of a JSON body');
  if (!isGiven(body)) throw missing('', 'is missing');
  const { items, uploadId, ...definition } = body;
  if (uploadId !== undefined) return { definition, source: { uploadId } };
  const open = definition.targets.findIndex(({ model }) => model === undefined);
  if (open !== -1) throw missing(`/targets/${open}/model`, 'is needed: the items name none');
  return { definition, source: { items: items ?? [] } };
};

export const registerBatchesRoutes = (app: ApiApp, { service, streams, logger }: BatchesOptions): void => {
  // Before the routes with an id, of which it would be one.
  app.openapi(routes.estimateBatchRoute, async (c) => {
    const { definition, source } = readRequest(c, c.req.valid('json'), c.req.valid('query').definition);
    return c.json(await service.estimate(definition, source), 200);
  });

  app.openapi(routes.createBatchRoute, async (c) => {
    const { definition, source } = readRequest(c, c.req.valid('json'), c.req.valid('query').definition);
    const { batch, replayed } = await service.create(definition, source, {
      apiKeyId: c.get('principal')?.apiKeyId ?? null,
      callerId: c.get('principal')?.callerId ?? null,
      idempotencyKey: c.req.valid('header')['Idempotency-Key'],
    });
    c.header('Location', `${routes.batchesPath}/${batch.id}`);
    if (replayed) c.header('idempotent-replayed', 'true');
    return c.json(batch, 202);
  });

  app.openapi(routes.listBatchesRoute, async (c) => {
    const { limit, cursor, ...filter } = c.req.valid('query');
    return c.json(await service.list(filter, { limit, cursor }), 200);
  });

  app.openapi(routes.getBatchRoute, async (c) => c.json(await service.get(c.req.valid('param').id), 200));

  app.openapi(routes.listBatchItemsRoute, async (c) => {
    const { limit, cursor, ...filter } = c.req.valid('query');
    return c.json(await service.listItems(c.req.valid('param').id, filter, { limit, cursor }), 200);
  });

  app.openapi(routes.listBatchFailuresRoute, async (c) =>
    c.json(await service.failures(c.req.valid('param').id), 200),
  );

  app.openapi(routes.listBatchResultsRoute, async (c) => {
    const { format, ...page } = c.req.valid('query');
    const { data, nextCursor } = await service.listResults(c.req.valid('param').id, page);
    const lines = data.map((result) =>
      JSON.stringify(format === 'openai' ? toOpenaiBatchOutput(result) : result),
    );
    if (nextCursor !== null) c.header('x-sq-next-cursor', nextCursor);
    c.header('Content-Type', 'application/x-ndjson; charset=utf-8');
    // The library's types take every name with "json" in it for one document of JSON.
    return c.body(lines.map((line) => `${line}\n`).join(''), 200) as never;
  });

  app.openapi(routes.followBatchRoute, async (c) => {
    const { id } = c.req.valid('param');
    return batchEvents(c, {
      first: await service.get(id),
      read: () => service.get(id),
      onFailure: (error) => logger.warn('events of a batch end early', { batchId: id, error }),
      withinMs: streams ? eventsMs : eventsInOnePieceMs,
    });
  });

  app.openapi(routes.reconcileBatchRoute, async (c) =>
    c.json(await service.reconcile(c.req.valid('param').id), 200),
  );

  app.openapi(routes.pauseBatchRoute, async (c) => c.json(await service.pause(c.req.valid('param').id), 200));
  app.openapi(routes.resumeBatchRoute, async (c) =>
    c.json(await service.resume(c.req.valid('param').id), 200),
  );
  app.openapi(routes.cancelBatchRoute, async (c) =>
    c.json(await service.cancel(c.req.valid('param').id), 200),
  );
  app.openapi(routes.retryBatchRoute, async (c) =>
    c.json(await service.retryFailed(c.req.valid('param').id, c.req.valid('json') ?? {}), 200),
  );
};
