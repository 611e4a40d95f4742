import { createRoute } from '@hono/zod-openapi';
import { Health, Readiness } from '../../contract/health.ts';
import type { AppServices } from '../../services/app-services.ts';
import type { ApiApp } from '../app-env.ts';
import { NoQuery } from '../id-params.ts';
import { jsonContent } from '../json-content.ts';
import { problemResponses } from '../problem-responses.ts';
import { access } from '../route-access.ts';

const tags = ['health'];

export const healthRoute = createRoute({
  method: 'get',
  path: '/api/health',
  tags,
  operationId: 'getHealth',
  summary: 'Whether the process answers',
  ...access('open'),
  request: { query: NoQuery },
  responses: { 200: { description: 'Alive', content: jsonContent(Health) }, ...problemResponses(400) },
});

const { 500: internalProblem, 400: queryProblem } = problemResponses(400);
export const readyRoute = createRoute({
  method: 'get',
  path: '/api/ready',
  tags,
  operationId: 'getReadiness',
  summary: 'Whether database and migrations are as this build needs them',
  ...access('open'),
  request: { query: NoQuery },
  responses: {
    200: { description: 'Ready', content: jsonContent(Readiness) },
    503: { description: 'Not ready', content: jsonContent(Readiness) },
    400: queryProblem,
    500: internalProblem,
  },
});

type HealthDependencies = Pick<AppServices, 'readiness'> & { version: string };

export const registerHealthRoutes = (app: ApiApp, { readiness, version }: HealthDependencies): void => {
  app.openapi(healthRoute, (c) => c.json({ status: 'ok' as const, version }, 200));

  app.openapi(readyRoute, async (c) => {
    const checks = await readiness();
    if (checks.database === 'ok' && checks.migrations === 'ok') {
      return c.json({ status: 'ready' as const, checks }, 200);
    }
    c.header('Retry-After', '5');
    return c.json({ status: 'not_ready' as const, checks }, 503);
  });
};
