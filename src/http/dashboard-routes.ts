import { createRoute } from '@hono/zod-openapi';
import type { ApiApp } from './app-env.ts';
import { problemResponses } from './problem-responses.ts';
import { access } from './route-access.ts';

export const homeRoute = createRoute({
  method: 'get',
  path: '/',
  tags: ['documents'],
  operationId: 'getHome',
  summary: 'Leads to the documentation page',
  ...access('open'),
  responses: {
    302: {
      description: 'To the documentation page',
      headers: { Location: { description: '`/api/docs`', schema: { type: 'string' } } },
    },
    ...problemResponses(),
  },
});

/** The site's root: until there is a dashboard it leads to the API's own page. */
export const registerDashboardRoutes = (app: ApiApp): void => {
  app.openapi(homeRoute, (c) => c.redirect('/api/docs', 302));
};
