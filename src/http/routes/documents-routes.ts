import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import type { ApiApp } from '../app-env.ts';
import { NoQuery } from '../id-params.ts';
import type { OpenapiDocument } from '../openapi-document.ts';
import { problemResponses } from '../problem-responses.ts';
import { access } from '../route-access.ts';

const tags = ['documents'];

export const openApiRoute = createRoute({
  method: 'get',
  path: '/api/openapi.json',
  tags,
  operationId: 'getOpenApi',
  summary: 'This document (OpenAPI 3.1)',
  ...access('open'),
  request: { query: NoQuery },
  responses: {
    200: {
      description: 'The OpenAPI document',
      content: { 'application/json': { schema: z.custom<OpenapiDocument>().meta({ type: 'object' }) } },
    },
    ...problemResponses(400),
  },
});

const html = { 'text/html': { schema: z.string() } };

export const docsRoute = createRoute({
  method: 'get',
  path: '/api/docs',
  tags,
  operationId: 'getDocs',
  summary: 'A page that renders this document',
  ...access('open'),
  responses: { 200: { description: 'The page', content: html }, ...problemResponses() },
});

/** The page's own files. The names are fixed, so that no path ever reaches the file system. */
const assets = {
  'swagger-ui-bundle.js': { type: 'text/javascript; charset=utf-8', source: 'static' },
  'swagger-ui.css': { type: 'text/css; charset=utf-8', source: 'static' },
  'init.js': { type: 'text/javascript; charset=utf-8', source: 'own' },
} as const;

const AssetName = z.enum(['swagger-ui-bundle.js', 'swagger-ui.css', 'init.js']);

export const docsAssetRoute = createRoute({
  method: 'get',
  path: '/api/docs/{file}',
  tags,
  operationId: 'getDocsFile',
  summary: 'Script and style of the documentation page',
  ...access('open'),
  request: { params: z.object({ file: z.string() }) },
  responses: {
    200: {
      description: 'The file',
      content: { 'text/javascript': { schema: z.string() }, 'text/css': { schema: z.string() } },
    },
    ...problemResponses(404),
  },
});

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>study-query-llm API</title>
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
<link rel="icon" href="data:,">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/init.js"></script>
</body>
</html>
`;

const initScript = `SwaggerUIBundle({ url: '/api/openapi.json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null });
`;

/** No inline script and nothing from elsewhere; the renderer sets style attributes, and draws icons as data. */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

type DocumentsDependencies = {
  /** The OpenAPI document, made at the first request for it. */
  document: () => OpenapiDocument;
  /** Folder with the renderer's files. */
  staticDir: string;
};

export const registerDocumentsRoutes = (app: ApiApp, { document, staticDir }: DocumentsDependencies) => {
  let made: OpenapiDocument | null = null;
  const files = new Map<string, Promise<string>>();

  const readAsset = (name: z.infer<typeof AssetName>): Promise<string> => {
    if (assets[name].source === 'own') return Promise.resolve(initScript);
    const known = files.get(name);
    if (known !== undefined) return known;
    const reading = readFile(join(staticDir, name), 'utf8');
    files.set(name, reading);
    // A file that could not be read may be there the next time.
    reading.catch(() => files.delete(name));
    return reading;
  };

  app.openapi(openApiRoute, (c) => {
    made ??= document();
    return c.json(made, 200);
  });

  app.openapi(docsRoute, (c) => {
    c.header('Content-Security-Policy', pagePolicy);
    return c.html(page, 200);
  });

  app.openapi(docsAssetRoute, async (c) => {
    const name = AssetName.safeParse(c.req.valid('param').file);
    if (!name.success) throw new AppError('not_found', 'There is no such file.');
    return c.body(await readAsset(name.data), 200, {
      'Content-Type': assets[name.data].type,
      'Cache-Control': 'public, max-age=3600',
    });
  });
};
