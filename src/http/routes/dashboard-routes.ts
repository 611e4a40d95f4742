import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import type { ApiApp, ApiContext } from '../app-env.ts';
import { createDashboardFiles, type DashboardFile, type DashboardFiles } from '../dashboard-files.ts';
import { problemResponses } from '../problem-responses.ts';
import { access } from '../route-access.ts';
import { answerUnknownPath } from '../unknown-path.ts';

export const homeRoute = createRoute({
  method: 'get',
  path: '/',
  tags: ['documents'],
  operationId: 'getHome',
  summary: 'The dashboard; its pages and files stand beside it',
  ...access('open'),
  responses: {
    200: { description: 'The page', content: { 'text/html': { schema: z.string() } } },
    302: {
      description: 'To the documentation page, where no dashboard is built',
      headers: { Location: { description: '`/api/docs`', schema: { type: 'string' } } },
    },
    ...problemResponses(),
  },
});

/**
 * Scripts and styles are files of ours, what is shown is text, and nothing may turn a text into markup or script. Nobody else is
 * talked to but the host where people sign in, if there is one: the page takes its token there itself, without any frame.
 */
const pagePolicyOf = (loginAuthority: string | undefined): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src 'self'${loginAuthority === undefined ? '' : ` ${new URL(loginAuthority).origin}`}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');

const pageName = 'index.html';

const answerFile = (c: ApiContext, file: DashboardFile, cacheControl: string): Response => {
  c.header('Cache-Control', cacheControl);
  c.header('ETag', file.etag);
  c.header('Vary', 'Accept-Encoding');
  const known = c.req.header('if-none-match')?.split(',') ?? [];
  if (known.some((tag) => tag.trim().replace(/^W\//, '') === file.etag)) return c.body(null, 304);
  c.header('Content-Type', file.type);
  if (file.encoding !== 'identity') c.header('Content-Encoding', file.encoding);
  return c.body(file.bytes, 200);
};

/** Prefixes that belong to the API, where an unknown path is a problem and never a page. */
const ofApi = /^\/(api|v1|admin|runtime)(\/|$)/;
const wantsPage = (c: ApiContext) => (c.req.header('accept') ?? '').toLowerCase().includes('text/html');

/**
 * The dashboard: `/`, its files under `/assets`, which are named by their content, and its own pages, which all are the one page.
 * Pages are for those who ask for HTML; everyone else gets the 404 problem.
 */
export const registerDashboardRoutes = (
  app: ApiApp,
  { webDir, loginAuthority }: { webDir: string | undefined; loginAuthority: string | undefined },
): void => {
  const files: DashboardFiles =
    webDir === undefined ? { find: () => Promise.resolve(null) } : createDashboardFiles(webDir);
  const pagePolicy = pagePolicyOf(loginAuthority);

  const answerPage = async (c: ApiContext): Promise<Response | null> => {
    const page = await files.find(pageName, c.req.header('accept-encoding') ?? '');
    if (page === null) return null;
    c.header('Content-Security-Policy', pagePolicy);
    // The page names the files of one build; whoever keeps it asks whether there is another.
    return answerFile(c, page, 'no-cache');
  };

  app.openapi(homeRoute, async (c) => {
    // The library's types know no 304.
    return ((await answerPage(c)) ?? c.redirect('/api/docs', 302)) as never;
  });

  app.notFound(async (c) => {
    const { method, path } = c.req;
    if ((method !== 'GET' && method !== 'HEAD') || ofApi.test(path)) return answerUnknownPath(c);
    if (path.startsWith('/assets/')) {
      const asset = await files.find(path.slice(1), c.req.header('accept-encoding') ?? '');
      return asset === null
        ? answerUnknownPath(c)
        : answerFile(c, asset, 'public, max-age=31536000, immutable');
    }
    return (wantsPage(c) ? await answerPage(c) : null) ?? answerUnknownPath(c);
  });
};
