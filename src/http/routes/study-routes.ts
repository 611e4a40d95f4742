import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { Id } from '../../contract/common.ts';
import { CheckRollupsQuery, RebuildRollups, RebuiltRollups, RollupCheck } from '../../contract/rollup.ts';
import {
  CompareQuery,
  Counterfactual,
  CounterfactualQuery,
  DistributionQuery,
  RecentQuery,
  RecentRuns,
  StudyComparison,
  StudyDistribution,
  StudyFilter,
  StudySummary,
  StudyTimeseries,
  TimeseriesQuery,
} from '../../contract/study.ts';
import { BatchVersus, VersusQuery } from '../../contract/study-versus.ts';
import type { StudyService } from '../../services/study/study-service.ts';
import type { ApiApp } from '../app-env.ts';
import { NoQuery } from '../id-params.ts';
import { jsonContent } from '../json-content.ts';
import { problemResponses } from '../problem-responses.ts';
import { access } from '../route-access.ts';

const tags = ['study'];
const path = '/api/v1/study';

/** A route that reads figures. */
const figuresRoute = <Path extends string, Query extends z.ZodObject, Answer extends z.ZodType>(definition: {
  path: Path;
  operationId: string;
  summary: string;
  description?: string;
  query: Query;
  answer: Answer;
}) =>
  createRoute({
    method: 'get',
    path: definition.path,
    tags,
    operationId: definition.operationId,
    summary: definition.summary,
    ...(definition.description !== undefined && { description: definition.description }),
    ...access('study:read'),
    request: { query: definition.query },
    responses: {
      200: { description: 'The figures', content: jsonContent(definition.answer) },
      ...problemResponses(400, 401, 403),
    },
  });

export const summaryRoute = figuresRoute({
  path: `${path}/summary`,
  operationId: 'getStudySummary',
  summary: 'Runs, tokens, cost and error rate of what a filter lets through',
  query: StudyFilter,
  answer: StudySummary,
});

export const compareRoute = figuresRoute({
  path: `${path}/compare`,
  operationId: 'compareStudy',
  summary: 'Providers, models, served models or batches side by side',
  query: CompareQuery,
  answer: StudyComparison,
});

export const timeseriesRoute = figuresRoute({
  path: `${path}/timeseries`,
  operationId: 'getStudyTimeseries',
  summary: 'A measure by the hour, day or week',
  description: 'At most 500 buckets. Without `from` the last 500 hours or days, or all weeks.',
  query: TimeseriesQuery,
  answer: StudyTimeseries,
});

export const distributionRoute = figuresRoute({
  path: `${path}/distribution`,
  operationId: 'getStudyDistribution',
  summary: 'How latency, tokens or cost are distributed',
  query: DistributionQuery,
  answer: StudyDistribution,
});

export const recentRoute = figuresRoute({
  path: `${path}/recent`,
  operationId: 'listRecentRuns',
  summary: 'The newest runs in short',
  query: RecentQuery,
  answer: RecentRuns,
});

export const counterfactualRoute = figuresRoute({
  path: `${path}/counterfactual`,
  operationId: 'getCounterfactual',
  summary: 'What these runs would have cost on another model',
  description:
    'By the usage that was recorded and the price of `targetModel` of `targetProvider` in force at `at` (now, where it is left out). Runs that cannot be priced are counted, not guessed.',
  query: CounterfactualQuery,
  answer: Counterfactual,
});

export const versusRoute = createRoute({
  method: 'get',
  path: `${path}/batches/{a}/versus/{b}`,
  tags,
  operationId: 'compareBatches',
  summary: 'Two batches, or two targets of one, item by item',
  description: 'Pairs by item key and repetition. Differences are b − a.',
  ...access('study:read'),
  request: { query: VersusQuery, params: z.object({ a: Id, b: Id }) },
  responses: {
    200: { description: 'The comparison', content: jsonContent(BatchVersus) },
    ...problemResponses(400, 401, 403, 404),
  },
});

export const rebuildRollupsRoute = createRoute({
  method: 'post',
  path: `${path}/rollups/rebuild`,
  tags,
  operationId: 'rebuildRollups',
  summary: 'Add the figures of a window up anew',
  description:
    'Harmless at any time: readers find each hour as it was or as it is now. After a minute it stops, and `nextFrom` goes on.',
  ...access('admin'),
  request: { query: NoQuery, body: { required: true, content: jsonContent(RebuildRollups) } },
  responses: {
    200: { description: 'What was done', content: jsonContent(RebuiltRollups) },
    ...problemResponses(400, 401, 403, 413, 415),
  },
});

export const checkRollupsRoute = createRoute({
  method: 'get',
  path: `${path}/rollups/check`,
  tags,
  operationId: 'checkRollups',
  summary: 'Compare the sums of a window with its runs',
  description:
    'Hours, days and weeks that end in the window. After a minute it stops, and `nextFrom` goes on.',
  ...access('admin'),
  request: { query: CheckRollupsQuery },
  responses: {
    200: { description: 'What was found', content: jsonContent(RollupCheck) },
    ...problemResponses(400, 401, 403),
  },
});

export const registerStudyRoutes = (app: ApiApp, service: StudyService): void => {
  app.openapi(summaryRoute, async (c) => c.json(await service.summary(c.req.valid('query')), 200));
  app.openapi(compareRoute, async (c) => c.json(await service.compare(c.req.valid('query')), 200));
  app.openapi(timeseriesRoute, async (c) => c.json(await service.timeseries(c.req.valid('query')), 200));
  app.openapi(distributionRoute, async (c) => c.json(await service.distribution(c.req.valid('query')), 200));
  app.openapi(recentRoute, async (c) => c.json(await service.recent(c.req.valid('query')), 200));
  app.openapi(counterfactualRoute, async (c) =>
    c.json(await service.counterfactual(c.req.valid('query')), 200),
  );
  app.openapi(versusRoute, async (c) => {
    const { a, b } = c.req.valid('param');
    return c.json(await service.versus(a, b, c.req.valid('query')), 200);
  });
  app.openapi(rebuildRollupsRoute, async (c) =>
    c.json(await service.rebuildRollups(c.req.valid('json')), 200),
  );
  app.openapi(checkRollupsRoute, async (c) => c.json(await service.checkRollups(c.req.valid('query')), 200));
};
