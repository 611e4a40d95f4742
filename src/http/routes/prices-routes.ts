import { createRoute } from '@hono/zod-openapi';
import { CreatePrice, ListPricesQuery, PricePage, Price as PriceSchema } from '../../contract/price.ts';
import { RecostReport, RecostRuns } from '../../contract/recost.ts';
import type { PriceService } from '../../services/study/study-service.ts';
import type { ApiApp } from '../app-env.ts';
import { NoQuery } from '../id-params.ts';
import { jsonContent } from '../json-content.ts';
import { problemResponses } from '../problem-responses.ts';
import { access } from '../route-access.ts';

const tags = ['prices'];
const path = '/api/v1/prices';

export const listPricesRoute = createRoute({
  method: 'get',
  path,
  tags,
  operationId: 'listPrices',
  summary: 'The price book, latest first',
  ...access('study:read'),
  request: { query: ListPricesQuery },
  responses: {
    200: { description: 'One page', content: jsonContent(PricePage) },
    ...problemResponses(400, 401, 403),
  },
});

export const createPriceRoute = createRoute({
  method: 'post',
  path,
  tags,
  operationId: 'createPrice',
  summary: 'Add a price from a date on',
  description:
    'A price is never changed. One that begins in the past may only fill a time in which its model had none (409 otherwise). Counts everywhere within a minute.',
  ...access('admin'),
  request: { query: NoQuery, body: { required: true, content: jsonContent(CreatePrice) } },
  responses: {
    201: { description: 'Added', content: jsonContent(PriceSchema) },
    ...problemResponses(400, 401, 403, 409, 413, 415),
  },
});

export const recostRoute = createRoute({
  method: 'post',
  path: '/api/v1/study/recost',
  tags: ['study'],
  operationId: 'recostRuns',
  summary: 'Compute costs anew by the prices that were in force',
  description:
    'Runs without a cost, or all that the filter lets through. Repeating it changes nothing. After 25 s it stops, and `nextCursor` goes on. What budgets have spent is left as it is.',
  ...access('admin'),
  request: { query: NoQuery, body: { required: true, content: jsonContent(RecostRuns) } },
  responses: {
    200: { description: 'What was done', content: jsonContent(RecostReport) },
    ...problemResponses(400, 401, 403, 413, 415),
  },
});

export const registerPricesRoutes = (app: ApiApp, service: PriceService): void => {
  app.openapi(listPricesRoute, async (c) => c.json(await service.list(c.req.valid('query')), 200));
  app.openapi(createPriceRoute, async (c) => c.json(await service.add(c.req.valid('json')), 201));
  app.openapi(recostRoute, async (c) => c.json(await service.recost(c.req.valid('json')), 200));
};
