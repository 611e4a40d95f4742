import { createRoute } from '@hono/zod-openapi';
import { MeaningReport } from '../../contract/meaning.ts';
import {
  DuplicatesAnswer,
  DuplicatesQuery,
  SearchAnswer,
  SearchQuery,
  SimilarAnswer,
  SimilarQuery,
} from '../../contract/search.ts';
import type { SearchService } from '../../services/search/search-service.ts';
import type { ApiApp } from '../app-env.ts';
import { IdParams, NoQuery } from '../id-params.ts';
import { jsonContent } from '../json-content.ts';
import { problemResponses } from '../problem-responses.ts';
import { access } from '../route-access.ts';

const tags = ['search'];

export const searchRoute = createRoute({
  method: 'get',
  path: '/api/v1/search',
  tags,
  operationId: 'search',
  summary: 'Find inferences by words of prompt or answer, or by meaning, best match first',
  ...access('study:read'),
  request: { query: SearchQuery },
  responses: {
    200: { description: 'What was found', content: jsonContent(SearchAnswer) },
    ...problemResponses(400, 401, 403, 422),
  },
});

export const similarRoute = createRoute({
  method: 'get',
  path: '/api/v1/inferences/{id}/similar',
  tags,
  operationId: 'findSimilarInferences',
  summary: 'Inferences like this one: the same prompt, and those that mean about the same',
  ...access('study:read'),
  request: { query: SimilarQuery, params: IdParams },
  responses: {
    200: { description: 'What was found', content: jsonContent(SimilarAnswer) },
    ...problemResponses(400, 401, 403, 404),
  },
});

export const duplicatesRoute = createRoute({
  method: 'get',
  path: '/api/v1/search/duplicates',
  tags,
  operationId: 'findDuplicates',
  summary: 'Groups of prompts that differ and mean about the same',
  ...access('study:read'),
  request: { query: DuplicatesQuery },
  responses: {
    200: { description: 'The groups', content: jsonContent(DuplicatesAnswer) },
    ...problemResponses(400, 401, 403, 422),
  },
});

export const meaningRoute = createRoute({
  method: 'get',
  path: '/api/v1/search/meaning',
  tags,
  operationId: 'reportMeaning',
  summary: 'Embeddings: how many there are, what they cost, and what went wrong',
  ...access('study:read'),
  request: { query: NoQuery },
  responses: {
    200: { description: 'The report', content: jsonContent(MeaningReport) },
    ...problemResponses(400, 401, 403),
  },
});

export const registerSearchRoutes = (app: ApiApp, service: SearchService): void => {
  app.openapi(searchRoute, async (c) => c.json(await service.search(c.req.valid('query')), 200));
  app.openapi(similarRoute, async (c) =>
    c.json(await service.similar(c.req.valid('param').id, c.req.valid('query')), 200),
  );
  app.openapi(duplicatesRoute, async (c) => c.json(await service.duplicates(c.req.valid('query')), 200));
  app.openapi(meaningRoute, async (c) => c.json(await service.report(), 200));
};
