import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { PageQuery } from '../../contract/common.ts';
import {
  CreateSchedule,
  Schedule,
  ScheduleFiringList,
  SchedulePage,
  UpdateSchedule,
} from '../../contract/schedule.ts';
import type { ScheduleService } from '../../services/schedules/schedule-service.ts';
import type { ApiApp } from '../app-env.ts';
import { IdParams, NoQuery } from '../id-params.ts';
import { jsonContent } from '../json-content.ts';
import { problemResponses } from '../problem-responses.ts';
import { access } from '../route-access.ts';

const tags = ['schedules'];
const path = '/api/v1/schedules';

export const createScheduleRoute = createRoute({
  method: 'post',
  path,
  tags,
  operationId: 'createSchedule',
  summary: 'Start a batch again and again, at the times of a cron expression',
  description: 'The batch is checked as if it were to start now: what would be refused then is refused here.',
  ...access('batch:write'),
  request: { query: NoQuery, body: { required: true, content: jsonContent(CreateSchedule) } },
  responses: {
    201: {
      description: 'Stored',
      headers: { Location: { description: 'Path of the schedule', schema: { type: 'string' } } },
      content: jsonContent(Schedule),
    },
    ...problemResponses(400, 401, 403, 413, 415, 422),
  },
});

export const listSchedulesRoute = createRoute({
  method: 'get',
  path,
  tags,
  operationId: 'listSchedules',
  summary: 'All schedules, newest first',
  ...access('study:read'),
  request: { query: z.strictObject(PageQuery) },
  responses: {
    200: { description: 'One page', content: jsonContent(SchedulePage) },
    ...problemResponses(400, 401, 403),
  },
});

export const getScheduleRoute = createRoute({
  method: 'get',
  path: `${path}/{id}`,
  tags,
  operationId: 'getSchedule',
  summary: 'One schedule with its batch and its next firing',
  ...access('study:read'),
  request: { query: NoQuery, params: IdParams },
  responses: {
    200: { description: 'The schedule', content: jsonContent(Schedule) },
    ...problemResponses(400, 401, 403, 404),
  },
});

export const updateScheduleRoute = createRoute({
  method: 'patch',
  path: `${path}/{id}`,
  tags,
  operationId: 'updateSchedule',
  summary: 'Change a schedule, or switch it on or off; what is left out stays',
  ...access('batch:write'),
  request: {
    query: NoQuery,
    params: IdParams,
    body: { required: true, content: jsonContent(UpdateSchedule) },
  },
  responses: {
    200: { description: 'The schedule as it is now', content: jsonContent(Schedule) },
    ...problemResponses(400, 401, 403, 404, 413, 415, 422),
  },
});

export const deleteScheduleRoute = createRoute({
  method: 'delete',
  path: `${path}/{id}`,
  tags,
  operationId: 'deleteSchedule',
  summary: 'End a schedule; the batches it has started go on',
  ...access('batch:write'),
  request: { query: NoQuery, params: IdParams },
  responses: { 204: { description: 'Ended' }, ...problemResponses(400, 401, 403, 404) },
});

export const listFiringsRoute = createRoute({
  method: 'get',
  path: `${path}/{id}/firings`,
  tags,
  operationId: 'listScheduleFirings',
  summary: 'What became of the latest planned firings, newest first',
  ...access('study:read'),
  request: { query: z.strictObject({ limit: PageQuery.limit }), params: IdParams },
  responses: {
    200: { description: 'The latest firings', content: jsonContent(ScheduleFiringList) },
    ...problemResponses(400, 401, 403, 404),
  },
});

export const registerSchedulesRoutes = (app: ApiApp, service: ScheduleService): void => {
  app.openapi(createScheduleRoute, async (c) => {
    const apiKeyId = c.get('principal')?.apiKeyId ?? null;
    const schedule = await service.create(c.req.valid('json'), { apiKeyId });
    c.header('Location', `${path}/${schedule.id}`);
    return c.json(schedule, 201);
  });

  app.openapi(listSchedulesRoute, async (c) => {
    const { limit, cursor } = c.req.valid('query');
    return c.json(await service.list({ limit, cursor }), 200);
  });

  app.openapi(getScheduleRoute, async (c) => c.json(await service.get(c.req.valid('param').id), 200));

  app.openapi(updateScheduleRoute, async (c) =>
    c.json(await service.update(c.req.valid('param').id, c.req.valid('json')), 200),
  );

  app.openapi(deleteScheduleRoute, async (c) => {
    await service.delete(c.req.valid('param').id);
    return c.body(null, 204);
  });

  app.openapi(listFiringsRoute, async (c) => {
    const firings = await service.listFirings(c.req.valid('param').id, c.req.valid('query').limit);
    return c.json({ data: firings }, 200);
  });
};
