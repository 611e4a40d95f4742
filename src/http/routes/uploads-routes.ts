import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import {
  CompleteUpload,
  CreateUpload,
  maxPartBytes,
  maxPartCount,
  Sha256,
  Upload,
} from '../../contract/upload.ts';
import { AppError } from '../../errors.ts';
import type { UploadService } from '../../services/uploads/upload-service.ts';
import type { ApiApp } from '../app-env.ts';
import { IdParams, NoQuery } from '../id-params.ts';
import { jsonContent } from '../json-content.ts';
import { problemResponses } from '../problem-responses.ts';
import { bytesContent } from '../raw-content.ts';
import { requestBytes } from '../request-bytes.ts';
import { access } from '../route-access.ts';

const tags = ['uploads'];
const path = '/api/v1/uploads';

const PartParams = IdParams.extend({
  partNumber: z
    .string()
    .regex(/^(?:[1-9]\d?|100)$/, `a number from 1 to ${maxPartCount}`)
    .transform(Number),
});

const uploadAnswer = { description: 'The upload as it is now', content: jsonContent(Upload) };

export const createUploadRoute = createRoute({
  method: 'post',
  path,
  tags,
  operationId: 'createUpload',
  summary: 'Begin an upload: a file of questions that is too large for one request',
  ...access('batch:write'),
  request: { query: NoQuery, body: { required: true, content: jsonContent(CreateUpload) } },
  responses: {
    201: {
      description: 'Begun',
      headers: { Location: { description: 'Path of the upload', schema: { type: 'string' } } },
      content: jsonContent(Upload),
    },
    ...problemResponses(400, 401, 403, 413, 415),
  },
});

export const getUploadRoute = createRoute({
  method: 'get',
  path: `${path}/{id}`,
  tags,
  operationId: 'getUpload',
  summary: 'An upload and the parts that have arrived',
  ...access('batch:write'),
  request: { query: NoQuery, params: IdParams },
  responses: { 200: uploadAnswer, ...problemResponses(400, 401, 403, 404) },
});

export const putUploadPartRoute = createRoute({
  method: 'put',
  path: `${path}/{id}/parts/{partNumber}`,
  tags,
  operationId: 'putUploadPart',
  summary: 'Send a part of at most 8 MiB, or send it again; parts may come in any order',
  ...access('batch:write'),
  request: {
    query: z.strictObject({ sha256: Sha256.meta({ description: 'Of the body, in hexadecimal digits' }) }),
    params: PartParams,
    body: { required: true, content: bytesContent },
  },
  responses: { 200: uploadAnswer, ...problemResponses(400, 401, 403, 404, 409, 413, 415) },
});

export const completeUploadRoute = createRoute({
  method: 'post',
  path: `${path}/{id}/complete`,
  tags,
  operationId: 'completeUpload',
  summary: 'Close an upload once parts 1 to `partCount` are there; doing it again does no harm',
  ...access('batch:write'),
  request: {
    query: NoQuery,
    params: IdParams,
    body: { required: true, content: jsonContent(CompleteUpload) },
  },
  responses: { 200: uploadAnswer, ...problemResponses(400, 401, 403, 404, 409, 413, 415) },
});

export const deleteUploadRoute = createRoute({
  method: 'delete',
  path: `${path}/{id}`,
  tags,
  operationId: 'deleteUpload',
  summary: 'Delete an upload and its parts; batches that were made of it stay',
  ...access('batch:write'),
  request: { query: NoQuery, params: IdParams },
  responses: { 204: { description: 'Deleted' }, ...problemResponses(400, 401, 403, 404) },
});

export const registerUploadsRoutes = (app: ApiApp, service: UploadService): void => {
  app.openapi(createUploadRoute, async (c) => {
    const apiKeyId = c.get('principal')?.apiKeyId ?? null;
    const upload = await service.create(c.req.valid('json'), { apiKeyId });
    c.header('Location', `${path}/${upload.id}`);
    return c.json(upload, 201);
  });

  app.openapi(getUploadRoute, async (c) => c.json(await service.get(c.req.valid('param').id), 200));

  app.openapi(putUploadPartRoute, async (c) => {
    // A part is a slice of a file, kept as it is sent: that the whole is compressed is said when the upload begins.
    if (c.get('contentEncoding') === 'gzip') {
      throw new AppError(
        'unsupported_media_type',
        'Send parts without Content-Encoding; `contentEncoding` of the upload says what they are together.',
      );
    }
    const { id, partNumber } = c.req.valid('param');
    const { sha256 } = c.req.valid('query');
    const content = requestBytes(c, maxPartBytes);
    return c.json(await service.putPart(id, { partNumber, sha256, content }), 200);
  });

  app.openapi(completeUploadRoute, async (c) =>
    c.json(await service.complete(c.req.valid('param').id, c.req.valid('json')), 200),
  );

  app.openapi(deleteUploadRoute, async (c) => {
    await service.delete(c.req.valid('param').id);
    return c.body(null, 204);
  });
};
