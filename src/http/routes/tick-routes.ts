import { createRoute } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { TickReport } from '../../contract/tick.ts';
import type { TickService } from '../../services/tick-service.ts';
import type { ApiApp, AppEnv } from '../app-env.ts';
import { NoQuery } from '../id-params.ts';
import { jsonContent } from '../json-content.ts';
import { problemResponses } from '../problem-responses.ts';
import { access } from '../route-access.ts';

export const tickRoute = createRoute({
  method: 'post',
  path: '/api/v1/tick',
  tags: ['operation'],
  operationId: 'tick',
  summary: 'Do the work of a minute now: schedules, lost leases, batches that stand still',
  description:
    'The app does this every minute by itself. For a scheduler outside, should the timers of the platform stop.',
  ...access('admin'),
  request: { query: NoQuery },
  responses: {
    200: { description: 'What it came to', content: jsonContent(TickReport) },
    ...problemResponses(400, 401, 403),
  },
});

export const registerTickRoute = (app: ApiApp, service: TickService): void => {
  app.openapi(tickRoute, async (c) => c.json(await service.tick(), 200));
};

/** Ordinary requests notice that nobody has ticked for long, and see to it; the caller doesn't wait for that. */
export const tickWhenStale =
  (service: TickService): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    await next();
    if (c.get('principal') !== undefined) void service.tickIfStale();
  };
