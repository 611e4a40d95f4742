// With HTTP streaming on, the host forwards each raw request to a server of `@azure/functions` and announces it by an
// invocation. Three faults of that pair cannot be mended by a handler, so they are mended here, in front of the library:
//  1. the announced headers, which the handler gets, can be replaced by a client (query or body key `Headers`);
//  2. a request is matched by its header `x-ms-invocation-id`, which a client can set: then no handler ever runs, and
//     at `functionTimeout` the host kills the worker;
//  3. a handler that fails, or an answer that cannot be written, leaves the caller without an answer.
// Must be evaluated before `@azure/functions`. It leans on internals of version 4.16: a test fails when they change.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { createInvocationPairs, type Forwarded } from './invocation-pairs.ts';

type Invocation = {
  invocationId: string;
  metadata: { bindings?: Record<string, { type?: string }> };
  request: { triggerMetadata?: Record<string, { json?: string; string?: string }> };
};
type InvocationModel = {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], handler: unknown): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<unknown>;
};
type ProgrammingModel = {
  getInvocationModel(invocation: Invocation): InvocationModel;
  getCapabilities(capabilities: Record<string, unknown>): Promise<Record<string, unknown>>;
};
type Core = {
  setProgrammingModel(model: ProgrammingModel): void;
  log?(level: string, category: string, message: string): void;
};
type HttpModule = { createServer: (...args: never[]) => Server };

const idHeader = 'x-ms-invocation-id';
/** Which of the library's seams the guard has really passed; tests read it. */
export const invocationGuard = {
  modelWrapped: false,
  serverWrapped: false,
  /** Requests matched with their invocation. */
  matched: 0,
  /** Requests and invocations that found no counterpart. */
  refused: 0,
};

const pairs = createInvocationPairs();

/** Repeated headers are joined with a comma here and with comma and blank there. */
const normalizeId = (value: string): string => value.replaceAll(' ', '');

/** The id that the forwarded request will carry: the client's own, if the announced headers show one. */
const claimOf = (invocation: Invocation): string => {
  const announced = invocation.request.triggerMetadata?.Headers;
  try {
    const headers = JSON.parse(announced?.json ?? announced?.string ?? '{}') as Record<string, unknown>;
    for (const [name, value] of Object.entries(headers)) {
      if (name.toLowerCase() === idHeader) return normalizeId(String(value));
    }
  } catch {
    // Forged into something that is no JSON: the invocation's own id remains.
  }
  return invocation.invocationId;
};

/** What the handler may see: the request's own headers, with the host name that the host took away. */
const ownHeaders = (request: IncomingMessage): string => {
  const headers: NodeJS.Dict<string | string[]> = { ...request.headers };
  const host = request.headers['x-forwarded-host'];
  if (host !== undefined) headers.host = host;
  delete headers[idHeader];
  return JSON.stringify(headers);
};

const end = ({ response }: Forwarded): void => {
  if (response.headersSent) response.destroy();
  else response.writeHead(500, { 'content-length': '0' }).end();
};

/** Runs a step of the library; when it throws, the caller still gets an end. */
const endingOnThrow = async <T>(forwarded: Forwarded, step: () => Promise<T>): Promise<T> => {
  try {
    return await step();
  } catch (error) {
    end(forwarded);
    throw error;
  }
};

const guardInvocation = (inner: InvocationModel, invocation: Invocation): InvocationModel => {
  const announced = pairs.announce(invocation.invocationId, claimOf(invocation));
  let forwarded: Forwarded | null = null;
  return {
    getArguments: async () => {
      forwarded = await announced.arrival();
      if (forwarded === null) {
        invocationGuard.refused++;
        const { invocationId } = invocation;
        return { context: { invocationId, options: {}, extraInputs: {}, extraOutputs: {} }, inputs: [] };
      }
      const { triggerMetadata } = invocation.request;
      // Both spellings: a client's `headers` would otherwise stay beside ours as a parameter.
      if (triggerMetadata !== undefined) {
        for (const key of Object.keys(triggerMetadata)) {
          if (key.toLowerCase() === 'headers') delete triggerMetadata[key];
        }
        triggerMetadata.Headers = { json: ownHeaders(forwarded.request) };
      }
      return endingOnThrow(forwarded, () => inner.getArguments());
    },
    invokeFunction: async (context, inputs, handler) => {
      if (forwarded === null) return undefined;
      return endingOnThrow(forwarded, () => inner.invokeFunction(context, inputs, handler));
    },
    getResponse: async (context, result) => {
      if (forwarded === null) return { invocationId: invocation.invocationId, outputData: [] };
      const response = await endingOnThrow(forwarded, () => inner.getResponse(context, result));
      if (!forwarded.response.writableEnded) end(forwarded);
      return response;
    },
  };
};

const matchRequest = (
  forwarded: Forwarded,
  pass: (request: IncomingMessage, response: ServerResponse) => void,
): void => {
  const { request, response } = forwarded;
  pairs.match(
    forwarded,
    normalizeId(String(request.headers[idHeader] ?? '')),
    (invocationId) => {
      invocationGuard.matched++;
      request.headers[idHeader] = invocationId;
      pass(request, response);
    },
    () => {
      invocationGuard.refused++;
      response.writeHead(400, { 'content-length': '0' }).end();
      request.resume();
    },
  );
};

/** The library makes its server and adds its `request` listener in the synchronous part of `getCapabilities`. */
const wrapServers = <T>(http: HttpModule, run: () => T): T => {
  const { createServer } = http;
  http.createServer = (...args) => {
    const server = createServer(...args);
    invocationGuard.serverWrapped = true;
    const on = server.on.bind(server) as (event: string, listener: (...items: never[]) => void) => Server;
    server.on = ((event: string, listener: (...items: never[]) => void) => {
      if (event !== 'request') return on(event, listener);
      const pass = listener as (request: IncomingMessage, response: ServerResponse) => void;
      return on(event, (request: IncomingMessage, response: ServerResponse) =>
        matchRequest({ request, response }, pass),
      );
    }) as Server['on'];
    return server;
  };
  try {
    return run();
  } finally {
    http.createServer = createServer;
  }
};

const isHttp = (invocation: Invocation): boolean =>
  Object.values(invocation.metadata.bindings ?? {}).some(({ type }) => type?.toLowerCase() === 'httptrigger');

const guardModel = (model: ProgrammingModel, core: Core, http: HttpModule): void => {
  const getCapabilities = model.getCapabilities.bind(model);
  const getInvocationModel = model.getInvocationModel.bind(model);
  model.getCapabilities = async (capabilities) => {
    const result = await wrapServers(http, () => getCapabilities(capabilities));
    if (result.HttpUri !== undefined && !invocationGuard.serverWrapped) {
      core.log?.('error', 'user', 'The invocation guard does not fit this version of @azure/functions.');
    }
    return result;
  };
  model.getInvocationModel = (invocation) => {
    const inner = getInvocationModel(invocation);
    return invocationGuard.serverWrapped && isHttp(invocation) ? guardInvocation(inner, invocation) : inner;
  };
  invocationGuard.modelWrapped = true;
};

const requireFromHost = createRequire(import.meta.url);

const findCore = (): Core | null => {
  try {
    return requireFromHost('@azure/functions-core') as Core;
  } catch {
    // Not inside a Functions host: nothing to guard.
    return null;
  }
};

const core = findCore();
if (core !== null) {
  const http = requireFromHost('node:http') as HttpModule;
  const setProgrammingModel = core.setProgrammingModel.bind(core);
  core.setProgrammingModel = (model) => {
    guardModel(model, core, http);
    setProgrammingModel(model);
  };
}
