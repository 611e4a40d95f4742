import type { MiddlewareHandler } from 'hono';
import { AppError, type FieldFault } from '../errors.ts';
import type { AppEnv } from './app-env.ts';

const mostKeys = 50;
const longestName = 100;

const decode = (text: string): string | null => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
};

const findFaults = (query: string): FieldFault[] => {
  const seen = new Set<string>();
  const faults: FieldFault[] = [];
  const pairs = query.split('&').filter((pair) => pair !== '');
  if (pairs.length > mostKeys) return [{ pointer: '?', message: `at most ${mostKeys} query keys` }];
  for (const pair of pairs) {
    const [rawName = '', ...rest] = pair.split('=');
    const name = decode(rawName);
    const pointer = `?${(name ?? rawName).slice(0, longestName)}`;
    if (name === null || decode(rest.join('=')) === null) {
      faults.push({ pointer, message: 'is not percent-encoded UTF-8' });
    } else if (seen.has(name)) faults.push({ pointer, message: 'is given more than once' });
    else seen.add(name);
  }
  return faults;
};

/** Refuses under `/api/` what a lenient parser would guess at: repeated keys and broken percent-encoding. */
export const queryKeys = (): MiddlewareHandler<AppEnv> => async (c, next) => {
  const { url } = c.req;
  const start = url.indexOf('?');
  if (start === -1) return next();
  const end = url.indexOf('#', start);
  const faults = findFaults(url.slice(start + 1, end === -1 ? undefined : end));
  if (faults.length > 0) {
    throw new AppError('invalid_request', 'The query is not acceptable.', { faults });
  }
  return next();
};
