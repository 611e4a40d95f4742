import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { ApiKey, ApiKeyCreated, ApiKeyPage, CreateApiKey, RotateApiKey } from '../../contract/api-key.ts';
import { PageQuery } from '../../contract/common.ts';
import type { AccessService } from '../../services/access/access-service.ts';
import type { ApiApp } from '../app-env.ts';
import { IdParams, NoQuery } from '../id-params.ts';
import { jsonContent } from '../json-content.ts';
import { problemResponses } from '../problem-responses.ts';
import { access } from '../route-access.ts';

const tags = ['keys'];
const path = '/api/v1/keys';

export const createKeyRoute = createRoute({
  method: 'post',
  path,
  tags,
  operationId: 'createKey',
  summary: 'Make an API key; its secret is shown in this answer and never again',
  ...access('admin'),
  request: { query: NoQuery, body: { required: true, content: jsonContent(CreateApiKey) } },
  responses: {
    201: { description: 'Made', content: jsonContent(ApiKeyCreated) },
    ...problemResponses(400, 401, 403, 413, 415),
  },
});

export const listKeysRoute = createRoute({
  method: 'get',
  path,
  tags,
  operationId: 'listKeys',
  summary: 'All API keys, newest first, revoked ones included, without their secrets',
  ...access('admin'),
  request: { query: z.strictObject(PageQuery) },
  responses: {
    200: { description: 'One page', content: jsonContent(ApiKeyPage) },
    ...problemResponses(400, 401, 403),
  },
});

export const rotateKeyRoute = createRoute({
  method: 'post',
  path: `${path}/{id}/rotate`,
  tags,
  operationId: 'rotateKey',
  summary: 'Make a successor with the same owner and scopes; the old key ends after the grace period',
  ...access('admin'),
  request: {
    query: NoQuery,
    params: IdParams,
    body: { required: false, content: jsonContent(RotateApiKey) },
  },
  responses: {
    201: { description: 'The successor', content: jsonContent(ApiKeyCreated) },
    ...problemResponses(400, 401, 403, 404, 409, 413, 415),
  },
});

export const revokeKeyRoute = createRoute({
  method: 'post',
  path: `${path}/{id}/revoke`,
  tags,
  operationId: 'revokeKey',
  summary: 'End an API key and its sessions now; it stays in the list',
  ...access('admin'),
  request: { query: NoQuery, params: IdParams },
  responses: {
    200: { description: 'The revoked key', content: jsonContent(ApiKey) },
    ...problemResponses(400, 401, 403, 404),
  },
});

export const registerKeysRoutes = (app: ApiApp, service: AccessService): void => {
  app.openapi(createKeyRoute, async (c) => c.json(await service.createKey(c.req.valid('json')), 201));

  app.openapi(listKeysRoute, async (c) => {
    const { limit, cursor } = c.req.valid('query');
    return c.json(await service.listKeys({ limit, cursor }), 200);
  });

  app.openapi(rotateKeyRoute, async (c) => {
    // A body that is left out skips the validator, and with it the contract's defaults.
    const request = RotateApiKey.parse(c.req.valid('json'));
    return c.json(await service.rotateKey(c.req.valid('param').id, request), 201);
  });

  app.openapi(revokeKeyRoute, async (c) => c.json(await service.revokeKey(c.req.valid('param').id), 200));
};
