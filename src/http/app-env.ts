import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Principal } from '../services/access/access-service.ts';

/** What middleware leaves for handlers, and the log. */
export type AppEnv = {
  Variables: {
    requestId: string;
    /** Who is calling, on every route that isn't open. */
    principal: Principal | undefined;
    /** Media type of a body that is left for the handler to read (`requestBytes`); undefined: JSON, or none. */
    rawType: string | undefined;
    /** Of such a body. */
    contentEncoding: 'identity' | 'gzip' | undefined;
  };
};

export type ApiApp = OpenAPIHono<AppEnv>;
export type ApiContext = Context<AppEnv>;
