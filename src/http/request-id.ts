import { randomUUIDv7 } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { requestId } from 'hono/request-id';
import type { AppEnv } from './app-env.ts';

const longestRequestId = 100;

/** Takes a client's `x-request-id` of letters, digits, `_`, `-` and `=`, up to 100; otherwise makes a UUIDv7. */
export const requestIdMiddleware = (): MiddlewareHandler<AppEnv> =>
  requestId({ limitLength: longestRequestId, headerName: 'x-request-id', generator: () => randomUUIDv7() });
