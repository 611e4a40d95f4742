import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RegisteredFunction } from '../host/functions-core.ts';
import type { HostReport } from '../host/host-report.ts';
import type { Invoke } from '../host/invoke.ts';
import { readBody } from '../host/request-body.ts';
import { type DurableEngine, startDurableEngine } from './durable-engine.ts';
import { collectDurableFunctions, usesDurable } from './durable-functions.ts';
import { openDurableStore } from './durable-store.ts';
import { systemClock } from './engine-clock.ts';
import { createManagementApi } from './management-api.ts';
import { clientBindingData, managementPath } from './management-urls.ts';

/** `extensions.durableTask` of host.json, as far as it matters here. */
export type DurableSettings = { hubName: string; maxActivities: number; maxOrchestrators: number };

export type ServedDurable = {
  /** The host's `invoke` with what `durableClient` bindings want added. */
  invoke: Invoke;
  /** Answers a call of the management API; false: the path is not one of it. */
  answer(request: IncomingMessage, response: ServerResponse): boolean;
  stop(withinMs: number): Promise<void>;
};

const maxBodyBytes = 64 * 1024 * 1024;

const respond = async (
  api: ReturnType<typeof createManagementApi>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const { bytes } = await readBody(request, maxBodyBytes);
  const token = request.headers['x-ms-continuation-token'];
  const answer = api({
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    origin: `http://${request.headers.host}`,
    contentType: request.headers['content-type'] ?? '',
    continuationToken: typeof token === 'string' ? token : null,
    body: bytes?.toString('utf8') ?? '',
  });
  response.writeHead(answer.status, {
    ...answer.headers,
    'content-length': String(Buffer.byteLength(answer.body)),
  });
  response.end(answer.body);
};

/**
 * The engine as a part of the host: orchestrations and activities of the app, client bindings, and the management API.
 * Null when the app has none of them. `file` holds the state and belongs to this process while it runs.
 */
export const serveDurable = (options: {
  functions: Iterable<RegisteredFunction>;
  invoke: Invoke;
  report: HostReport;
  origin: string;
  file: string;
  settings: DurableSettings;
  strict: boolean;
}): ServedDurable | null => {
  const { report, settings, invoke } = options;
  const functions = collectDurableFunctions(options.functions);
  if (!usesDurable(functions)) return null;
  for (const name of functions.entities) {
    report.warn(`entity ${name} is not served: the local Durable engine has no entities`);
  }
  const binding = { string: clientBindingData(options.origin, settings.hubName) };
  const withBindings: Invoke = (name, inputData, triggerMetadata, invokeOptions) => {
    const added = (functions.clients.get(name) ?? []).map((client) => ({ name: client, data: binding }));
    return invoke(name, [...inputData, ...added], triggerMetadata, invokeOptions);
  };
  const store = openDurableStore(options.file);
  const engine: DurableEngine = startDurableEngine({
    store,
    functions,
    invoke: withBindings,
    report,
    clock: systemClock,
    strict: options.strict,
    maxActivities: settings.maxActivities,
    maxOrchestrators: settings.maxOrchestrators,
  });
  let stopped = false;
  const api = createManagementApi({ engine, hub: settings.hubName });

  return {
    invoke: withBindings,
    answer: (request, response) => {
      if (stopped) return false;
      const path = (request.url ?? '/').slice(0, managementPath.length).toLowerCase();
      if (path !== managementPath) return false;
      respond(api, request, response).catch((error: unknown) => {
        report.warn(`the Durable management API failed at ${request.url}: ${String(error)}`);
        if (response.headersSent) response.destroy();
        else response.writeHead(500).end();
      });
      return true;
    },
    stop: async (withinMs) => {
      await engine.stop(withinMs);
      stopped = true;
    },
  };
};
