import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { ApiContext } from './app-env.ts';

export type SessionCookie = {
  read(c: ApiContext): string | undefined;
  set(c: ApiContext, token: string, expiresAt: Date): void;
  clear(c: ApiContext): void;
};

/**
 * The browser's session: never readable by script, never sent by another site. Over https it carries the
 * `__Host-` prefix, so that no subdomain can plant one.
 *
 * @param forceSecure set where TLS ends in front of the app, which then sees plain http.
 */
export const createSessionCookie = (forceSecure: boolean): SessionCookie => {
  const isSecure = (c: ApiContext) => forceSecure || c.req.url.startsWith('https:');
  const nameFor = (secure: boolean) => (secure ? '__Host-sq_session' : 'sq_session');
  const attributes = (secure: boolean) =>
    ({ httpOnly: true, sameSite: 'Strict', secure, path: '/' }) as const;
  return {
    read: (c) =>
      c.req.header('cookie') === undefined ? undefined : getCookie(c, nameFor(isSecure(c))) || undefined,
    set: (c, token, expiresAt) => {
      const secure = isSecure(c);
      setCookie(c, nameFor(secure), token, { ...attributes(secure), expires: expiresAt });
    },
    clear: (c) => {
      const secure = isSecure(c);
      deleteCookie(c, nameFor(secure), attributes(secure));
    },
  };
};
