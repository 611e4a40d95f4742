import { createRoute } from '@hono/zod-openapi';
import { ProviderList } from '../../contract/provider-info.ts';
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

export const registerProvidersRoutes = (
  app: ApiApp,
  { listProviders }: Pick<AppServices, 'listProviders'>,
): void => {
  app.openapi(listProvidersRoute, (c) => c.json({ data: listProviders() }, 200));
};
