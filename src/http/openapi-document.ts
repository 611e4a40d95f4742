// Long: every route and every schema of the contract, listed once, in the order of the document.
import { OpenAPIHono, type RouteConfig } from '@hono/zod-openapi';
import { z } from 'zod';
import * as apiKeys from '../contract/api-key.ts';
import * as batches from '../contract/batch.ts';
import * as batchFailures from '../contract/batch-failure.ts';
import * as batchItems from '../contract/batch-item.ts';
import * as exports from '../contract/export.ts';
import * as health from '../contract/health.ts';
import * as inferences from '../contract/inference.ts';
import * as inferenceEvents from '../contract/inference-event.ts';
import * as meanings from '../contract/meaning.ts';
import * as prices from '../contract/price.ts';
import * as problems from '../contract/problem.ts';
import * as providers from '../contract/provider-info.ts';
import * as recosts from '../contract/recost.ts';
import * as rollups from '../contract/rollup.ts';
import * as schedules from '../contract/schedule.ts';
import * as searches from '../contract/search.ts';
import * as sessions from '../contract/session.ts';
import * as studies from '../contract/study.ts';
import * as versus from '../contract/study-versus.ts';
import * as ticks from '../contract/tick.ts';
import * as uploads from '../contract/upload.ts';
import {
  cancelBatchRoute,
  createBatchRoute,
  estimateBatchRoute,
  followBatchRoute,
  getBatchRoute,
  listBatchesRoute,
  listBatchFailuresRoute,
  listBatchItemsRoute,
  listBatchResultsRoute,
  pauseBatchRoute,
  reconcileBatchRoute,
  resumeBatchRoute,
  retryBatchRoute,
} from './routes/batches-routes.ts';
import { homeRoute } from './routes/dashboard-routes.ts';
import { docsAssetRoute, docsRoute, openApiRoute } from './routes/documents-routes.ts';
import {
  createExportRoute,
  deleteExportRoute,
  downloadExportRoute,
  getExportRoute,
  listExportsRoute,
} from './routes/exports-routes.ts';
import { healthRoute, readyRoute } from './routes/health-routes.ts';
import {
  cancelInferenceRoute,
  createInferenceRoute,
  getInferenceRoute,
  listInferencesRoute,
} from './routes/inferences-routes.ts';
import { createKeyRoute, listKeysRoute, revokeKeyRoute, rotateKeyRoute } from './routes/keys-routes.ts';
import { createPriceRoute, listPricesRoute, recostRoute } from './routes/prices-routes.ts';
import { listProviderConditionsRoute, listProvidersRoute } from './routes/providers-routes.ts';
import {
  createScheduleRoute,
  deleteScheduleRoute,
  getScheduleRoute,
  listFiringsRoute,
  listSchedulesRoute,
  updateScheduleRoute,
} from './routes/schedules-routes.ts';
import { duplicatesRoute, meaningRoute, searchRoute, similarRoute } from './routes/search-routes.ts';
import {
  closeSessionRoute,
  getSessionRoute,
  listSignInMethodsRoute,
  openSessionRoute,
} from './routes/session-routes.ts';
import {
  checkRollupsRoute,
  compareRoute,
  counterfactualRoute,
  distributionRoute,
  rebuildRollupsRoute,
  recentRoute,
  summaryRoute,
  timeseriesRoute,
  versusRoute,
} from './routes/study-routes.ts';
import { tickRoute } from './routes/tick-routes.ts';
import {
  completeUploadRoute,
  createUploadRoute,
  deleteUploadRoute,
  getUploadRoute,
  putUploadPartRoute,
} from './routes/uploads-routes.ts';

/** Every route there is, in the order of the document. A test compares it with what is registered. */
export const routeDefinitions: readonly RouteConfig[] = [
  createInferenceRoute,
  listInferencesRoute,
  getInferenceRoute,
  cancelInferenceRoute,
  createBatchRoute,
  estimateBatchRoute,
  listBatchesRoute,
  getBatchRoute,
  listBatchFailuresRoute,
  listBatchItemsRoute,
  listBatchResultsRoute,
  followBatchRoute,
  reconcileBatchRoute,
  pauseBatchRoute,
  resumeBatchRoute,
  cancelBatchRoute,
  retryBatchRoute,
  createUploadRoute,
  getUploadRoute,
  putUploadPartRoute,
  completeUploadRoute,
  deleteUploadRoute,
  createExportRoute,
  listExportsRoute,
  getExportRoute,
  downloadExportRoute,
  deleteExportRoute,
  searchRoute,
  similarRoute,
  duplicatesRoute,
  meaningRoute,
  createScheduleRoute,
  listSchedulesRoute,
  getScheduleRoute,
  updateScheduleRoute,
  deleteScheduleRoute,
  listFiringsRoute,
  summaryRoute,
  compareRoute,
  timeseriesRoute,
  distributionRoute,
  recentRoute,
  versusRoute,
  counterfactualRoute,
  recostRoute,
  rebuildRollupsRoute,
  checkRollupsRoute,
  listPricesRoute,
  createPriceRoute,
  listProvidersRoute,
  listProviderConditionsRoute,
  createKeyRoute,
  listKeysRoute,
  rotateKeyRoute,
  revokeKeyRoute,
  openSessionRoute,
  getSessionRoute,
  closeSessionRoute,
  listSignInMethodsRoute,
  tickRoute,
  healthRoute,
  readyRoute,
  openApiRoute,
  docsRoute,
  docsAssetRoute,
  homeRoute,
];

/** The shape callers rely on; the rest is as OpenAPI 3.1 has it. */
export type OpenapiDocument = {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Record<string, unknown>>>;
  components: Record<string, Record<string, unknown>>;
};

/**
 * The contract's named schemas, inner ones first: the generator takes a component from its first use, and
 * `Outcome.nullable()` inside another one would make every outcome nullable. What contains another is longer.
 */
const namedSchemas = (): [string, z.ZodType][] =>
  [
    apiKeys,
    sessions,
    batches,
    batchFailures,
    batchItems,
    exports,
    health,
    inferences,
    inferenceEvents,
    prices,
    problems,
    providers,
    recosts,
    rollups,
    schedules,
    searches,
    meanings,
    studies,
    versus,
    ticks,
    uploads,
  ]
    .flatMap((module): unknown[] => Object.values(module))
    .flatMap((schema): [string, z.ZodType, number][] => {
      const id = schema instanceof z.ZodType ? schema.meta()?.id : undefined;
      if (!(schema instanceof z.ZodType) || id === undefined) return [];
      return [[id, schema, JSON.stringify(z.toJSONSchema(schema, { io: 'input' })).length]];
    })
    .toSorted(([, , left], [, , right]) => left - right)
    .map(([id, schema]) => [id, schema]);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isNullableReference = (value: Record<string, unknown>): value is { allOf: [unknown, unknown] } => {
  const { allOf } = value;
  if (!Array.isArray(allOf) || allOf.length !== 2) return false;
  const [reference, rest] = allOf;
  return isRecord(reference) && '$ref' in reference && isRecord(rest) && [rest.type].flat().includes('null');
};

/**
 * The generator writes "this component or null" as `allOf` of the two, which null never fits, because it
 * doesn't fit the component. `anyOf` says what is meant.
 */
const mendNullableReferences = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(mendNullableReferences);
  if (!isRecord(value)) return value;
  if (isNullableReference(value)) return { anyOf: [value.allOf[0], { type: 'null' }] };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mendNullableReferences(item)]));
};

const description =
  'Ask LLMs through many providers and keep every answer. Errors are RFC 9457 problems; see the API page of the documentation for conventions.';

/** The OpenAPI 3.1 document of the whole API, made from the route definitions and the contract. */
export const openapiDocument = (version: string): OpenapiDocument => {
  const generator = new OpenAPIHono();
  const { openAPIRegistry: registry } = generator;
  registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'sq_…, or JWT',
    description:
      'An API key of this service, or an access token of Entra ID where it accepts them. Its scopes must include the `x-scope` of the operation.',
  });
  registry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: 'sq_session',
    description: 'A browser session (over https the cookie is named `__Host-sq_session`).',
  });
  // The generator adds its methods to zod's prototype; a schema made before that (the order of modules in a bundle is
  // not ours) gets them by being cloned.
  for (const [name, schema] of namedSchemas()) {
    registry.register(name, z.clone(schema, schema._zod.def, { parent: true }));
  }
  for (const route of routeDefinitions) registry.registerPath(route);
  const generated = generator.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'study-query-llm', version, description, license: { name: 'MIT' } },
    servers: [{ url: '/' }],
  });
  return mendNullableReferences(generated) as OpenapiDocument;
};
