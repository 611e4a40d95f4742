import type { Cookie } from '@azure/functions';

const decode = (value: string): string => {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
};

const sameSiteOf = (value: string): 'Strict' | 'Lax' | 'None' | undefined => {
  const folded = value.toLowerCase();
  return folded === 'strict' ? 'Strict' : folded === 'lax' ? 'Lax' : folded === 'none' ? 'None' : undefined;
};

/**
 * A `set-cookie` line (RFC 6265 §4.1) as the platform's cookie object; null when it has no name that a cookie may have.
 * The value is unescaped, because the platform escapes it again.
 */
export const parseSetCookie = (line: string): Cookie | null => {
  const [pair = '', ...attributes] = line.split(';');
  const equals = pair.indexOf('=');
  const name = pair.slice(0, Math.max(equals, 0)).trim();
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) return null;
  const cookie: Cookie = { name, value: decode(pair.slice(equals + 1).trim()) };
  for (const attribute of attributes) {
    const at = attribute.indexOf('=');
    const key = (at < 0 ? attribute : attribute.slice(0, at)).trim().toLowerCase();
    const value = at < 0 ? '' : attribute.slice(at + 1).trim();
    const sameSite = sameSiteOf(value);
    if (key === 'domain') cookie.domain = value;
    else if (key === 'path') cookie.path = value;
    else if (key === 'secure') cookie.secure = true;
    else if (key === 'httponly') cookie.httpOnly = true;
    else if (key === 'samesite' && sameSite !== undefined) cookie.sameSite = sameSite;
    else if (key === 'max-age' && /^-?\d+$/.test(value)) cookie.maxAge = Number(value);
    else if (key === 'expires' && !Number.isNaN(Date.parse(value))) cookie.expires = new Date(value);
  }
  return cookie;
};
