import { AppError } from '../errors.ts';
import type { ApiContext } from './app-env.ts';

/** A header that another site's page cannot send without asking first (and is refused when it asks). */
export const sameSiteHeader = 'x-sq-csrf';

const hostOf = (url: string): string | null => {
  try {
    return new URL(url).host;
  } catch {
    return null;
  }
};

/**
 * Refuses a request that changes something and may come from another site's page. `Sec-Fetch-Site` is the
 * browser's own word, so it decides where it is present; otherwise `Origin` must be the request's own host.
 * On top a JSON content type or `x-sq-csrf`, which no plain form can send.
 *
 * @throws {AppError} forbidden
 */
export const refuseCrossSite = (c: ApiContext): void => {
  const site = c.req.header('sec-fetch-site');
  const origin = c.req.header('origin');
  const isForeign =
    site !== undefined
      ? site !== 'same-origin'
      : origin !== undefined && hostOf(origin) !== hostOf(c.req.url);
  if (isForeign) throw new AppError('forbidden', 'A request from another site is refused.');
  const isJson = /^application\/json\s*(;|$)/i.test(c.req.header('content-type') ?? '');
  if (!isJson && c.req.header(sameSiteHeader) === undefined) {
    throw new AppError('forbidden', `With a session, send the header ${sameSiteHeader}: 1 or a JSON body.`);
  }
};
