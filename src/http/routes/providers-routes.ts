import { createRoute } from '@hono/zod-openapi';
import { ProviderConditions, ProviderList } from '../../contract/provider-info.ts';
import type { AppServices } from '../../services/app-services.ts';
import type { ApiApp } from '../app-env.ts';
import { NoQuery } from '../id-params.ts';
import { jsonContent } from '../json-content.ts';
import { problemResponses } from '../problem-responses.ts';
import { access } from '../route-access.ts';

export const listProvidersRoute = createRoute({
  method: 'get',
  path: '/api/v1/providers',
  tags: ['providers'],
  operationId: 'listProviders',
  summary: 'The configured providers, their models and what they can do',
  ...access('authenticated'),
  request: { query: NoQuery },
  responses: {
    200: { description: 'All providers', content: jsonContent(ProviderList) },
    ...problemResponses(400, 401, 403),
  },
});

export const listProviderConditionsRoute = createRoute({
  method: 'get',
  path: '/api/v1/providers/health',
  tags: ['providers'],
  operationId: 'listProviderConditions',
  summary: 'How each provider fares: what holds calls back, and what became of those of the last hour',
  ...access('study:read'),
  request: { query: NoQuery },
  responses: {
    200: { description: 'All configured providers', content: jsonContent(ProviderConditions) },
    ...problemResponses(400, 401, 403),
  },
});

export const registerProvidersRoutes = (
  app: ApiApp,
  services: Pick<AppServices, 'listProviders' | 'listProviderConditions'>,
): void => {
  app.openapi(listProvidersRoute, (c) => c.json({ data: services.listProviders() }, 200));
  app.openapi(listProviderConditionsRoute, async (c) =>
    c.json({ data: await services.listProviderConditions() }, 200),
  );
};
