import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import {
  BatchDefinition,
  BatchDetail,
  BatchEstimate,
  BatchPage,
  BatchReconciliation,
  BatchStatus,
  CreateBatch,
  RetryBatch,
} from '../../contract/batch.ts';
import { BatchFailures } from '../../contract/batch-failure.ts';
import { BatchItemPage, ListBatchItemsQuery, ListBatchResultsQuery } from '../../contract/batch-item.ts';
import { PageQuery } from '../../contract/common.ts';
import { IdParams, NoQuery } from '../id-params.ts';
import { IdempotencyHeaders } from '../idempotency-headers.ts';
import { jsonContent } from '../json-content.ts';
import { problemResponses } from '../problem-responses.ts';
import { jsonLinesContent } from '../raw-content.ts';
import { access } from '../route-access.ts';

const tags = ['batches'];
export const batchesPath = '/api/v1/batches';

/** The definition of a batch whose questions are the body; of a JSON body it is a part. */
export const DefinitionQuery = z.strictObject({
  definition: z
    .string()
    .max(100_000)
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'is not valid JSON' });
        return z.NEVER;
      }
    })
    .pipe(BatchDefinition)
    .optional()
    .meta({
      type: 'string',
      description: 'Only with a body of JSON lines: the BatchDefinition as JSON.',
    }),
});

const questionsBody = {
  // "Required" would have the library validate JSON lines as JSON; the handler asks for a body.
  required: false,
  content: { ...jsonContent(CreateBatch), ...jsonLinesContent },
};
const detailAnswer = { description: 'The batch as it is now', content: jsonContent(BatchDetail) };

export const createBatchRoute = createRoute({
  method: 'post',
  path: batchesPath,
  tags,
  operationId: 'createBatch',
  summary: 'Start a batch: every question to every target, as often as it has repetitions',
  description:
    'The questions stand in the JSON body, in a completed upload, or are the body themselves: JSON lines of `BatchItemInput`, or a file in OpenAI’s batch format as it is (gzip accepted), with the definition in the query. One bad line refuses the whole, and names it.',
  ...access('batch:write'),
  request: { query: DefinitionQuery, headers: IdempotencyHeaders, body: questionsBody },
  responses: {
    202: {
      description: 'Stored and started',
      headers: {
        Location: { description: 'Path of the batch', schema: { type: 'string' as const } },
        'idempotent-replayed': {
          description: '`true` when an earlier request is answered again',
          schema: { type: 'string' as const },
        },
      },
      content: jsonContent(BatchDetail),
    },
    ...problemResponses(400, 401, 403, 404, 409, 413, 415, 422),
  },
});

export const estimateBatchRoute = createRoute({
  method: 'post',
  path: `${batchesPath}/estimate`,
  tags,
  operationId: 'estimateBatch',
  summary: 'What a batch may come to; takes what `createBatch` takes, and stores nothing',
  ...access('batch:write'),
  request: { query: DefinitionQuery, body: questionsBody },
  responses: {
    200: { description: 'The estimate', content: jsonContent(BatchEstimate) },
    ...problemResponses(400, 401, 403, 404, 409, 413, 415, 422),
  },
});

export const listBatchesRoute = createRoute({
  method: 'get',
  path: batchesPath,
  tags,
  operationId: 'listBatches',
  summary: 'Batches, newest first',
  ...access('study:read'),
  request: { query: z.strictObject({ ...PageQuery, status: BatchStatus.optional() }) },
  responses: {
    200: { description: 'One page', content: jsonContent(BatchPage) },
    ...problemResponses(400, 401, 403),
  },
});

export const getBatchRoute = createRoute({
  method: 'get',
  path: `${batchesPath}/{id}`,
  tags,
  operationId: 'getBatch',
  summary: 'A batch with its counts by outcome, rate, remaining time, and what it has spent',
  ...access('study:read'),
  request: { query: NoQuery, params: IdParams },
  responses: { 200: detailAnswer, ...problemResponses(400, 401, 403, 404) },
});

export const listBatchItemsRoute = createRoute({
  method: 'get',
  path: `${batchesPath}/{id}/items`,
  tags,
  operationId: 'listBatchItems',
  summary: 'The items of a batch in their order',
  ...access('study:read'),
  request: { query: ListBatchItemsQuery, params: IdParams },
  responses: {
    200: { description: 'One page', content: jsonContent(BatchItemPage) },
    ...problemResponses(400, 401, 403, 404),
  },
});

export const listBatchFailuresRoute = createRoute({
  method: 'get',
  path: `${batchesPath}/{id}/failures`,
  tags,
  operationId: 'listBatchFailures',
  summary: 'Why items of a batch have no answer: by outcome, detail and target, with what the provider said',
  ...access('study:read'),
  request: { query: NoQuery, params: IdParams },
  responses: {
    200: { description: 'The causes, most frequent first', content: jsonContent(BatchFailures) },
    ...problemResponses(400, 401, 403, 404),
  },
});

export const listBatchResultsRoute = createRoute({
  method: 'get',
  path: `${batchesPath}/{id}/results`,
  tags,
  operationId: 'listBatchResults',
  summary: 'Settled items with their answers, as JSON lines in pages of at most 16 MiB',
  ...access('study:read'),
  request: { query: ListBatchResultsQuery, params: IdParams },
  responses: {
    200: {
      description: 'One page',
      headers: {
        'x-sq-next-cursor': {
          description: 'The `cursor` of the next page; left out at the end',
          schema: { type: 'string' as const },
        },
      },
      content: { 'application/x-ndjson': { schema: z.string() } },
    },
    ...problemResponses(400, 401, 403, 404),
  },
});

export const followBatchRoute = createRoute({
  method: 'get',
  path: `${batchesPath}/{id}/events`,
  tags,
  operationId: 'followBatch',
  summary: 'The progress of a batch as server-sent events',
  description:
    'Each event `progress` holds a whole `BatchDetail` under an id that names its state. The stream ends itself when the batch is finished, and after some minutes; come back with `Last-Event-ID`.',
  ...access('study:read'),
  request: { query: NoQuery, params: IdParams },
  responses: {
    200: {
      description: 'Events',
      content: { 'text/event-stream': { schema: { type: 'string' as const } } },
    },
    204: { description: 'The batch is finished, and `Last-Event-ID` is its last event' },
    ...problemResponses(400, 401, 403, 404),
  },
});

export const reconcileBatchRoute = createRoute({
  method: 'get',
  path: `${batchesPath}/{id}/reconcile`,
  tags,
  operationId: 'reconcileBatch',
  summary: 'Proof that the headline is the sum of the rows, and the costs those of the ledger',
  ...access('study:read'),
  request: { query: NoQuery, params: IdParams },
  responses: {
    200: { description: 'The proof', content: jsonContent(BatchReconciliation) },
    ...problemResponses(400, 401, 403, 404),
  },
});

const actionOf = <Action extends 'pause' | 'resume' | 'cancel'>(action: Action, summary: string) =>
  createRoute({
    method: 'post',
    path: `${batchesPath}/{id}/${action}`,
    tags,
    operationId: `${action}Batch`,
    summary,
    ...access('batch:write'),
    request: { query: NoQuery, params: IdParams },
    responses: { 200: detailAnswer, ...problemResponses(400, 401, 403, 404, 409) },
  });

export const pauseBatchRoute = actionOf('pause', 'Ask nothing new; what is under way goes on to its end');
export const resumeBatchRoute = actionOf('resume', 'Go on with a paused batch');
export const cancelBatchRoute = actionOf('cancel', 'End a batch: what was not asked yet ends as `cancelled`');

export const retryBatchRoute = createRoute({
  method: 'post',
  path: `${batchesPath}/{id}/retry-failed`,
  tags,
  operationId: 'retryBatch',
  summary: 'Ask the items again that brought no answer, or those with the given outcomes',
  ...access('batch:write'),
  request: { query: NoQuery, params: IdParams, body: { required: false, content: jsonContent(RetryBatch) } },
  responses: { 200: detailAnswer, ...problemResponses(400, 401, 403, 404, 409, 413, 415) },
});
