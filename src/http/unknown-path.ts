import { methodNotAllowed } from 'hono/method-not-allowed';
import { AppError } from '../errors.ts';
import type { ApiApp, ApiContext, AppEnv } from './app-env.ts';
import { answerError } from './problems.ts';

const longestShown = 200;
const shown = (c: ApiContext) => `${c.req.method} ${c.req.path.slice(0, longestShown)}`;

/** An unknown path. */
export const answerUnknownPath = (c: ApiContext): Response =>
  answerError(c, new AppError('not_found', `There is nothing at ${shown(c)}.`));

/** A known path with another method: 405 with `Allow`; OPTIONS is answered with the methods there are. */
export const knownPathMiddleware = (app: ApiApp) =>
  methodNotAllowed<AppEnv>({
    app,
    onMethodNotAllowed: (c, methods) => {
      const allow = [...methods, 'OPTIONS'].join(', ');
      return c.req.method === 'OPTIONS'
        ? c.body(null, 204, { Allow: allow })
        : answerError(c, new AppError('method_not_allowed', `${shown(c)} is not possible.`), {
            Allow: allow,
          });
    },
  });
