import { resolve } from 'node:path';
import { serveDurable } from '../durable/serve-durable.ts';
import { createRouteTable } from './function-routes.ts';
import { createHostReport, describeError, type HostReport } from './host-report.ts';
import { readHostSettings } from './host-settings.ts';
import { createHttpInvocation } from './http-invocation.ts';
import {
  createHttpServer,
  createRequestListener,
  listenOnLoopback,
  type RequestListener,
} from './http-server.ts';
import { createHttpStreamInvocation } from './http-stream-invocation.ts';
import { createInvoker } from './invoke.ts';
import { loadApp } from './load-app.ts';
import { startTimers } from './timers.ts';

export type HostOptions = {
  /** Folder with the built app: package.json, host.json, the file that `main` names. */
  appDir: string;
  /** Must be free when given; 0 takes any. Not given: 7071 or the next free one. */
  port?: number;
  /** Added to the environment before the app is loaded. */
  env?: Record<string, string>;
  /** Gets one line at a time; nothing is written when left out. */
  log?: (line: string) => void;
  /** Keeps the state of orchestrations over a restart; one host at a time. In memory when left out. */
  durableFile?: string;
  /** Whether the Durable engine refuses what would corrupt or hang in Azure; left out: under `NODE_ENV=test`. */
  strictDurable?: boolean;
};

export type Host = {
  url: string;
  port: number;
  /** Where Azure would have hung a caller, killed the worker or refused a function. Grows while the host runs. */
  warnings: string[];
  /** Names of the registered functions, sorted. */
  functions: string[];
  stop(): Promise<void>;
};

const defaultPort = 7071;
/** Given to calls in flight at the end; Azure gives about this long on SIGTERM before the hooks run. */
const drainMs = 10_000;
/** What `appTerminate` hooks get in Azure. */
const terminateMs = 4_500;

/** Azure's worker dies of these, and at the third time the whole host; an own listener of the app prevents it. */
const watchForCrashes = (report: HostReport): (() => void) => {
  const onRejection = (reason: unknown): void => {
    if (process.listenerCount('unhandledRejection') > 1) return;
    report.warn(`unhandled rejection; in Azure the worker dies: ${describeError(reason)}`);
  };
  const onException = (error: unknown): void => {
    if (process.listenerCount('uncaughtException') > 1) return;
    report.warn(`uncaught exception; in Azure the worker dies: ${describeError(error)}`);
  };
  process.on('unhandledRejection', onRejection);
  process.on('uncaughtException', onException);
  return () => {
    process.off('unhandledRejection', onRejection);
    process.off('uncaughtException', onException);
  };
};

/**
 * Loads a built Functions app into this process and serves its HTTP functions and timers, behaving as the Azure
 * Functions host was seen to (docs/local-host.md). One app per process. Rejects when the port is taken or `host.json`
 * is missing; an app that fails to load is served as in Azure: 404 everywhere, and a warning.
 */
export const startHost = async (options: HostOptions): Promise<Host> => {
  const appDir = resolve(options.appDir);
  const report = createHostReport(options.log ?? (() => undefined));
  Object.assign(process.env, options.env ?? {});
  const settings = readHostSettings(appDir, process.env);

  let setListener: (listener: RequestListener) => void = () => undefined;
  const listener = new Promise<RequestListener>((resolveListener) => {
    setListener = resolveListener;
  });
  const server = createHttpServer(listener);
  const port = await listenOnLoopback(server, options.port ?? defaultPort, options.port !== undefined);
  process.env.WEBSITE_HOSTNAME = `127.0.0.1:${port}`;
  process.env.FUNCTIONS_WORKER_RUNTIME ??= 'node';
  process.env.AZURE_FUNCTIONS_ENVIRONMENT ??= 'Development';

  const stopWatching = watchForCrashes(report);
  const app = await loadApp({ appDir, report });
  const routes = createRouteTable(app.functions.values(), settings.routePrefix);
  for (const { functionName, reason } of routes.refused) {
    report.warn(`function ${functionName} is refused: ${reason}`);
  }
  if (routes.brokenBecause !== null) report.warn(`everything answers 503: ${routes.brokenBecause}`);

  const { functionTimeoutMs, maxBodyBytes } = settings;
  const invoker = createInvoker({ app, report, functionTimeoutMs });
  const durable = serveDurable({
    functions: app.functions.values(),
    invoke: invoker.invoke,
    report,
    origin: `http://127.0.0.1:${port}`,
    file: options.durableFile ?? ':memory:',
    settings: settings.durable,
    strict: options.strictDurable ?? process.env.NODE_ENV === 'test',
  });
  const invoke = durable?.invoke ?? invoker.invoke;
  const streaming =
    app.httpUri === null
      ? null
      : createHttpStreamInvocation({ invoke, report, httpUri: app.httpUri, maxBodyBytes });
  const timers = startTimers({ functions: app.functions.values(), env: process.env, invoke, report });
  setListener(
    createRequestListener({
      report,
      routes,
      answer: streaming?.answer ?? createHttpInvocation({ invoke, report, maxBodyBytes }),
      homepageDisabled: settings.homepageDisabled,
      runByHand: timers.runByHand,
      webhook: (request, response) => durable?.answer(request, response) ?? false,
    }),
  );

  let stopping: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    timers.stop();
    const closed = new Promise<void>((resolveClosed) => server.close(() => resolveClosed()));
    server.closeIdleConnections();
    await Promise.all([invoker.idle(drainMs), durable?.stop(drainMs)]);
    await app.terminate(terminateMs);
    server.closeAllConnections();
    streaming?.close();
    await closed;
    stopWatching();
  };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    warnings: report.warnings,
    functions: [...app.functions.keys()].sort(),
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
};
