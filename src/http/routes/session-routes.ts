import { createRoute } from '@hono/zod-openapi';
import { CreateSession, type EntraSignIn, Session, SignInMethods } from '../../contract/session.ts';
import type { AccessService, Principal } from '../../services/access/access-service.ts';
import type { ApiApp } from '../app-env.ts';
import { NoQuery } from '../id-params.ts';
import { jsonContent } from '../json-content.ts';
import { problemResponses } from '../problem-responses.ts';
import { access } from '../route-access.ts';
import type { SessionCookie } from '../session-cookie.ts';

const tags = ['session'];
const path = '/api/v1/session';

export const openSessionRoute = createRoute({
  method: 'post',
  path,
  tags,
  operationId: 'openSession',
  summary: 'Open a browser session with an API key or an Entra token; sets an HttpOnly cookie',
  ...access('open'),
  request: { query: NoQuery, body: { required: true, content: jsonContent(CreateSession) } },
  responses: {
    201: { description: 'Opened', content: jsonContent(Session) },
    ...problemResponses(400, 401, 403, 413, 415, 503),
  },
});

export const listSignInMethodsRoute = createRoute({
  method: 'get',
  path: `${path}/methods`,
  tags,
  operationId: 'listSignInMethods',
  summary: 'How people may sign in to the dashboard beside a key',
  ...access('open'),
  request: { query: NoQuery },
  responses: {
    200: { description: 'What a browser has to know to begin', content: jsonContent(SignInMethods) },
    ...problemResponses(400),
  },
});

export const getSessionRoute = createRoute({
  method: 'get',
  path,
  tags,
  operationId: 'getSession',
  summary: 'Who the caller is, by key or session',
  ...access('authenticated'),
  request: { query: NoQuery },
  responses: {
    200: { description: 'The caller', content: jsonContent(Session) },
    ...problemResponses(400, 401, 403),
  },
});

export const closeSessionRoute = createRoute({
  method: 'delete',
  path,
  tags,
  operationId: 'closeSession',
  summary: 'Close the session of the cookie',
  ...access('authenticated'),
  request: { query: NoQuery },
  responses: { 204: { description: 'Closed' }, ...problemResponses(400, 401, 403) },
});

const toSession = ({ owner, scopes, expiresAt, apiKeyId }: Principal): Session => ({
  owner,
  scopes: [...scopes],
  expiresAt,
  credential: apiKeyId === null ? 'entra' : 'key',
});

type SessionDependencies = {
  service: AccessService;
  cookie: SessionCookie;
  /** null: people sign in with keys only. */
  entraSignIn: EntraSignIn | null;
};

export const registerSessionRoutes = (app: ApiApp, dependencies: SessionDependencies): void => {
  const { service, cookie, entraSignIn } = dependencies;
  app.openapi(openSessionRoute, async (c) => {
    const session = await service.openSession(c.req.valid('json'));
    cookie.set(c, session.token, session.expiresAt);
    return c.json({ ...toSession(session.principal), expiresAt: session.expiresAt.toISOString() }, 201);
  });

  app.openapi(listSignInMethodsRoute, (c) => c.json({ entra: entraSignIn }, 200));

  app.openapi(getSessionRoute, (c) => {
    const principal = c.get('principal');
    // The access middleware lets nobody come here without one.
    if (principal === undefined) throw new Error('no principal behind the access middleware');
    return c.json(toSession(principal), 200);
  });

  app.openapi(closeSessionRoute, async (c) => {
    const token = cookie.read(c);
    if (token !== undefined) await service.closeSession(token);
    cookie.clear(c);
    return c.body(null, 204);
  });
};
