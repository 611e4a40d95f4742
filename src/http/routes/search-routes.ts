import { createRoute } from '@hono/zod-openapi';
import { SearchAnswer, SearchQuery } from '../../contract/search.ts';
import type { SearchService } from '../../services/search/create-search-service.ts';
import type { ApiApp } from '../app-env.ts';
import { jsonContent } from '../json-content.ts';
import { problemResponses } from '../problem-responses.ts';
import { access } from '../route-access.ts';

export const searchRoute = createRoute({
  method: 'get',
  path: '/api/v1/search',
  tags: ['search'],
  operationId: 'search',
  summary: 'Find inferences by words of prompt or answer, best match first, with what matched',
  ...access('study:read'),
  request: { query: SearchQuery },
  responses: {
    200: { description: 'What was found', content: jsonContent(SearchAnswer) },
    ...problemResponses(400, 401, 403),
  },
});

export const registerSearchRoutes = (app: ApiApp, service: SearchService): void => {
  app.openapi(searchRoute, async (c) => c.json(await service.search(c.req.valid('query')), 200));
};
