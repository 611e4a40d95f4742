import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { CreateExport, Export, ExportPage, ListExportsQuery } from '../../contract/export.ts';
import { AppError } from '../../errors.ts';
import type { ExportService } from '../../services/exports/export-service.ts';
import type { ApiApp } from '../app-env.ts';
import { parseRange } from '../byte-range.ts';
import { IdParams, NoQuery } from '../id-params.ts';
import { jsonContent } from '../json-content.ts';
import { problemResponses } from '../problem-responses.ts';
import { answerError } from '../problems.ts';
import { access } from '../route-access.ts';

const tags = ['exports'];
const path = '/api/v1/exports';
const text = (description: string) => ({ description, schema: { type: 'string' as const } });
const location = { Location: text('Path of the export') };

export const createExportRoute = createRoute({
  method: 'post',
  path,
  tags,
  operationId: 'createExport',
  summary: 'Make a file of inferences, attempts, the results of a batch, or figures of the study',
  ...access('study:read'),
  request: { query: NoQuery, body: { required: true, content: jsonContent(CreateExport) } },
  responses: {
    201: { description: 'Ready to be downloaded', headers: location, content: jsonContent(Export) },
    202: {
      description: 'Being made; ask for it until it is `ready`',
      headers: location,
      content: jsonContent(Export),
    },
    ...problemResponses(400, 401, 403, 413, 415),
  },
});

export const listExportsRoute = createRoute({
  method: 'get',
  path,
  tags,
  operationId: 'listExports',
  summary: 'Exports that are kept, newest first',
  ...access('study:read'),
  request: { query: ListExportsQuery },
  responses: {
    200: { description: 'One page', content: jsonContent(ExportPage) },
    ...problemResponses(400, 401, 403),
  },
});

export const getExportRoute = createRoute({
  method: 'get',
  path: `${path}/{id}`,
  tags,
  operationId: 'getExport',
  summary: 'An export, and how far it is',
  ...access('study:read'),
  request: { query: NoQuery, params: IdParams },
  responses: {
    200: { description: 'The export as it is now', content: jsonContent(Export) },
    ...problemResponses(400, 401, 403, 404),
  },
});

const file = { 'application/octet-stream': { schema: { type: 'string' as const, format: 'binary' } } };
const fileHeaders = {
  ETag: text('The SHA-256 of the whole file'),
  'Accept-Ranges': text('`bytes`'),
  'Content-Disposition': text('A name for the file'),
};

export const downloadExportRoute = createRoute({
  method: 'get',
  path: `${path}/{id}/download`,
  tags,
  operationId: 'downloadExport',
  summary: 'The file, or with `Range` at most 4 MiB of it; a larger file is read range by range',
  description:
    'The answer to a longer range ends earlier; `Content-Range` tells where, and how large the file is. The media type is that of the format.',
  ...access('study:read'),
  request: {
    query: NoQuery,
    params: IdParams,
    headers: z.object({
      Range: z.string().max(200).optional().meta({ description: '`bytes=0-4194303`: one range' }),
    }),
  },
  responses: {
    200: { description: 'All of it', headers: fileHeaders, content: file },
    206: {
      description: 'A part of it',
      headers: { ...fileHeaders, 'Content-Range': text('`bytes FROM-TO/SIZE`') },
      content: file,
    },
    ...problemResponses(400, 401, 403, 404, 409, 416),
  },
});

export const deleteExportRoute = createRoute({
  method: 'delete',
  path: `${path}/{id}`,
  tags,
  operationId: 'deleteExport',
  summary: 'Delete an export and its file; one that is being made is stopped',
  ...access('study:read'),
  request: { query: NoQuery, params: IdParams },
  responses: { 204: { description: 'Deleted' }, ...problemResponses(400, 401, 403, 404) },
});

const mediaTypes = {
  csv: 'text/csv; charset=utf-8; header=present',
  json: 'application/json',
  jsonl: 'application/x-ndjson',
  openai: 'application/x-ndjson',
} as const;

const fileName = ({ what, format, gzip, createdAt }: Export): string => {
  const ending = format === 'openai' ? 'openai.jsonl' : format;
  return `${what}-${createdAt.slice(0, 19).replaceAll(':', '')}.${ending}${gzip ? '.gz' : ''}`;
};

const readAll = async (content: AsyncIterable<Uint8Array>): Promise<Buffer<ArrayBuffer>> => {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  return Buffer.concat(pieces);
};

export const registerExportsRoutes = (app: ApiApp, service: ExportService): void => {
  app.openapi(createExportRoute, async (c) => {
    const apiKeyId = c.get('principal')?.apiKeyId ?? null;
    const made = await service.create(c.req.valid('json'), { apiKeyId });
    c.header('Location', `${path}/${made.id}`);
    return made.status === 'running' ? c.json(made, 202) : c.json(made, 201);
  });

  app.openapi(listExportsRoute, async (c) => c.json(await service.list(c.req.valid('query')), 200));

  app.openapi(getExportRoute, async (c) => c.json(await service.get(c.req.valid('param').id), 200));

  app.openapi(downloadExportRoute, async (c) => {
    const { id } = c.req.valid('param');
    const found = await service.get(id);
    const etag = `"${found.sha256}"`;
    const ifRange = c.req.header('if-range');
    // A file never changes, so another validator is of another file, and its range is of no use.
    const wanted = ifRange === undefined || ifRange === etag ? parseRange(c.req.valid('header').Range) : null;
    try {
      const piece = await service.read(id, wanted);
      const { bytes: size, gzip, format } = piece.export;
      c.header('Content-Type', gzip ? 'application/gzip' : mediaTypes[format]);
      c.header('Content-Disposition', `attachment; filename="${fileName(piece.export)}"`);
      c.header('Accept-Ranges', 'bytes');
      c.header('ETag', etag);
      if (wanted !== null) c.header('Content-Range', `bytes ${piece.from}-${piece.to}/${size}`);
      // Whole in memory: a store that fails is then a problem, and never an answer that ends too early.
      const body = await readAll(piece.content);
      c.header('Content-Length', String(body.byteLength));
      return c.body(body, wanted === null ? 200 : 206);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'range_not_satisfiable') throw error;
      return answerError(c, error, { 'Content-Range': `bytes */${found.bytes}` }) as never;
    }
  });

  app.openapi(deleteExportRoute, async (c) => {
    await service.delete(c.req.valid('param').id);
    return c.body(null, 204);
  });
};
