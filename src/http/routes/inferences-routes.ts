import { createRoute } from '@hono/zod-openapi';
import {
  CreateInference,
  type Inference,
  InferenceDetail,
  InferencePage,
  Inference as InferenceSchema,
  ListInferencesQuery,
} from '../../contract/inference.ts';
import type {
  InferenceCaller,
  InferenceRun,
  InferenceService,
} from '../../services/inferences/inference-service.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { ApiApp, ApiContext } from '../app-env.ts';
import { IdParams, NoQuery } from '../id-params.ts';
import { IdempotencyHeaders } from '../idempotency-headers.ts';
import { jsonContent } from '../json-content.ts';
import { problemResponses } from '../problem-responses.ts';
import { access } from '../route-access.ts';
import { streamInference, wantsEvents } from '../stream-inference.ts';

const tags = ['inferences'];
const path = '/api/v1/inferences';

const text = (description: string) => ({ description, schema: { type: 'string' as const } });
const runHeaders = {
  Location: text('Path of the recorded inference'),
  'x-sq-inference-id': text('Id of the recorded inference'),
  'x-sq-served-model': text('The model that answered, where the provider said so'),
  'x-sq-attempts': text('How many calls to the provider were made'),
  'x-sq-cost-usd': text('Decimal string; left out when the price is unknown'),
  'x-sq-cache': text('`off`: the provider was asked'),
  'idempotent-replayed': text('`true` when an earlier request is answered again'),
};

const { Location, 'x-sq-inference-id': inferenceId, 'idempotent-replayed': replayed } = runHeaders;
/** What is known when a stream begins; the rest is in its last event. */
const eventHeaders = { Location, 'x-sq-inference-id': inferenceId, 'idempotent-replayed': replayed };

export const createInferenceRoute = createRoute({
  method: 'post',
  path,
  tags,
  operationId: 'createInference',
  summary: 'Ask one question and record the answer',
  description:
    'With `Accept: text/event-stream` the answer comes as events while it is made: `start` (`InferenceStart`), `delta` (`InferenceDelta`), `error` (`Problem`), and last `end`, the whole record (`Inference`). Otherwise answers 201 whatever the outcome: a failed call is a recorded run too (`outcome`, `error`). What is refused before anything is sent is a problem, and nothing is stored.',
  ...access('inference:write'),
  request: {
    query: NoQuery,
    headers: IdempotencyHeaders,
    body: { required: true, content: jsonContent(CreateInference) },
  },
  responses: {
    200: {
      description: 'Being asked: events',
      headers: eventHeaders,
      content: { 'text/event-stream': { schema: { type: 'string' as const } } },
    },
    201: { description: 'Asked and recorded', headers: runHeaders, content: jsonContent(InferenceSchema) },
    ...problemResponses(400, 401, 403, 409, 413, 415, 429),
  },
});

export const listInferencesRoute = createRoute({
  method: 'get',
  path,
  tags,
  operationId: 'listInferences',
  summary: 'Find recorded inferences, newest first',
  ...access('study:read'),
  request: { query: ListInferencesQuery },
  responses: {
    200: { description: 'One page', content: jsonContent(InferencePage) },
    ...problemResponses(400, 401, 403),
  },
});

export const getInferenceRoute = createRoute({
  method: 'get',
  path: `${path}/{id}`,
  tags,
  operationId: 'getInference',
  summary: 'One inference with its attempts and the raw answer',
  ...access('study:read'),
  request: { query: NoQuery, params: IdParams },
  responses: {
    200: { description: 'The inference', content: jsonContent(InferenceDetail) },
    ...problemResponses(400, 401, 403, 404),
  },
});

export const cancelInferenceRoute = createRoute({
  method: 'post',
  path: `${path}/{id}/cancel`,
  tags,
  operationId: 'cancelInference',
  summary: 'Stop a streamed inference',
  description:
    'The instance that streams it sees the wish within half a second, ends the call and records what had arrived as `cancelled`. One that has ended stays as it is; one that is under way and not streamed cannot be stopped (409).',
  ...access('inference:write'),
  request: { query: NoQuery, params: IdParams },
  responses: {
    200: { description: 'It had ended before', content: jsonContent(InferenceSchema) },
    202: {
      description: 'Will be stopped',
      headers: { Location },
      content: jsonContent(InferenceSchema),
    },
    ...problemResponses(400, 401, 403, 404, 409),
  },
});

/** What came from a vendor goes into a header only in characters that a header can hold. */
const headerSafe = (value: string) => value.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);

const setRecordHeaders = (c: ApiContext, id: string, isReplayed: boolean) => {
  c.header('Location', `${path}/${id}`);
  c.header('x-sq-inference-id', id);
  if (isReplayed) c.header('idempotent-replayed', 'true');
};

const setRunHeaders = (c: ApiContext, inference: Inference, run: InferenceRun) => {
  setRecordHeaders(c, inference.id, run.replayed);
  c.header('x-sq-attempts', String(inference.attemptCount));
  c.header('x-sq-cache', 'off');
  if (inference.servedModel !== null) c.header('x-sq-served-model', headerSafe(inference.servedModel));
  if (inference.costUsd !== null) c.header('x-sq-cost-usd', inference.costUsd);
};

export type InferencesOptions = {
  service: InferenceService;
  logger: Logger;
  /** The longest silence of a streamed answer, in ms. */
  heartbeatMs?: number | undefined;
};

export const registerInferencesRoutes = (
  app: ApiApp,
  { service, logger, heartbeatMs }: InferencesOptions,
): void => {
  app.openapi(createInferenceRoute, async (c) => {
    const request = c.req.valid('json');
    const caller: InferenceCaller = {
      requestId: c.get('requestId'),
      apiKeyId: c.get('principal')?.apiKeyId ?? null,
      callerId: c.get('principal')?.callerId ?? null,
      idempotencyKey: c.req.valid('header')['Idempotency-Key'],
    };
    if (wantsEvents(c)) {
      return streamInference(c, {
        run: (listener) => service.run(request, caller, listener),
        setHeaders: (id, isReplayed) => setRecordHeaders(c, id, isReplayed),
        onFailure: (error) => logger.error('streamed inference could not be recorded', { error }),
        heartbeatMs,
      });
    }
    const run = await service.run(request, caller);
    setRunHeaders(c, run.inference, run);
    return c.json(run.inference, 201);
  });

  app.openapi(listInferencesRoute, async (c) => {
    const { limit, cursor, ...filter } = c.req.valid('query');
    return c.json(await service.list(filter, { limit, cursor }), 200);
  });

  app.openapi(getInferenceRoute, async (c) => c.json(await service.get(c.req.valid('param').id), 200));

  app.openapi(cancelInferenceRoute, async (c) => {
    const { inference, accepted } = await service.cancel(c.req.valid('param').id);
    if (!accepted) return c.json(inference, 200);
    c.header('Location', `${path}/${inference.id}`);
    return c.json(inference, 202);
  });
};
