import type { MiddlewareHandler } from 'hono';
import { AppError } from '../errors.ts';
import type { AccessService, Principal } from '../services/access/access-service.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { ApiContext, AppEnv } from './app-env.ts';
import { refuseCrossSite } from './cross-site.ts';
import { answerError } from './problems.ts';
import { holdsAccess } from './route-access.ts';
import type { RouteTable } from './route-table.ts';
import type { SessionCookie } from './session-cookie.ts';

type AccessOptions = {
  routes: RouteTable;
  accessService: AccessService;
  cookie: SessionCookie;
  logger: Logger;
};

const realm = 'Bearer realm="study-query-llm"';
const keyShape = /^Bearer +(sq_[A-Za-z0-9_-]{43})$/i;
/** Three parts of base64url; the first is the header, `{"…`. The host allows no longer headers. */
const jwtShape = /^Bearer +(eyJ[A-Za-z0-9_-]{1,2000}\.[A-Za-z0-9_-]{1,14000}\.[A-Za-z0-9_-]{1,2000})$/i;
const tokenShape = /^[A-Za-z0-9._~-]{16,200}$/;
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * The one door. Identity comes from `Authorization: Bearer …` (a key of ours, or an Entra token whose signature is checked) or
 * the session cookie and from nothing else:
 * behind HTTP streaming a client can forge every header that the platform is said to set. A route that
 * declares no access is closed; a bad key is not made good by a cookie beside it.
 */
export const accessMiddleware = ({ routes, accessService, cookie, logger }: AccessOptions) => {
  const authenticate = async (c: ApiContext): Promise<Principal | null> => {
    const authorization = c.req.header('authorization');
    if (authorization !== undefined) {
      const key = keyShape.exec(authorization)?.[1];
      if (key !== undefined) return accessService.authenticateKey(key);
      const jwt = jwtShape.exec(authorization)?.[1];
      return jwt === undefined ? null : accessService.authenticateToken(jwt);
    }
    const token = cookie.read(c);
    return token === undefined || !tokenShape.test(token) ? null : accessService.authenticateSession(token);
  };

  const answerUnauthenticated = (c: ApiContext): Response => {
    const gaveKey = c.req.header('authorization') !== undefined;
    const gaveCookie = !gaveKey && cookie.read(c) !== undefined;
    // A browser would go on sending a dead session.
    if (gaveCookie) cookie.clear(c);
    const detail =
      gaveKey || gaveCookie
        ? 'The key, token or session is unknown, expired or revoked.'
        : 'Send an API key: Authorization: Bearer sq_…';
    return answerError(c, new AppError('unauthenticated', detail), {
      'WWW-Authenticate': gaveKey ? `${realm}, error="invalid_token"` : realm,
    });
  };

  const middleware: MiddlewareHandler<AppEnv> = async (c, next) => {
    const route = routes.find(c);
    if (route === null) return next();
    const needed = route.access;
    if (needed === null) {
      logger.error('route declares no access and is closed', { method: c.req.method, path: c.req.path });
      return answerError(c, new AppError('forbidden', 'This route is closed.'));
    }
    // A key in a header is sent on purpose; a cookie, or a login, may be another site's doing.
    if (!safeMethods.has(c.req.method) && c.req.header('authorization') === undefined) {
      if (needed === 'open' || cookie.read(c) !== undefined) refuseCrossSite(c);
    }
    if (needed === 'open') return next();
    const principal = await authenticate(c);
    if (principal === null) return answerUnauthenticated(c);
    c.set('principal', principal);
    if (!holdsAccess(principal, needed)) {
      const scope = needed === 'authenticated' ? '' : `, scope="${needed}"`;
      const wish = scope === '' ? 'The caller has no role here.' : `This needs the scope ${needed}.`;
      return answerError(c, new AppError('forbidden', wish), {
        'WWW-Authenticate': `${realm}, error="insufficient_scope"${scope}`,
      });
    }
    return next();
  };
  return middleware;
};
