import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Server } from 'node:net';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  createFunctionsCore,
  type HookCallback,
  installFunctionsCore,
  type RegisteredFunction,
} from './functions-core.ts';
import { describeError, type HostReport } from './host-report.ts';
import type { LogLevel, ProgrammingModel } from './rpc-types.ts';

export type LoadedApp = {
  functions: Map<string, RegisteredFunction>;
  programmingModel: ProgrammingModel | null;
  hooks: { preInvocation: HookCallback[]; postInvocation: HookCallback[] };
  /** Where the library wants raw requests forwarded to; null when HTTP streaming is off. */
  httpUri: string | null;
  /** Shared by all hooks of the app, as in the worker. */
  appHookData: Record<string, unknown>;
  log(level: LogLevel, category: string, message: string): void;
  /** Runs the `appTerminate` hooks, which get `withinMs`, and frees the library's own server. */
  terminate(withinMs: number): Promise<void>;
};

/** Only what deserves a line on a terminal: the library's debug lines do not. */
const printed: ReadonlySet<LogLevel> = new Set(['information', 'warning', 'error', 'critical']);

/**
 * The library's proxy server listens on every interface; a development machine should not offer it to its network.
 * `getCapabilities` calls `listen` before it gives up control, so the replacement lives for one synchronous call.
 */
const bindToLoopback = <T>(run: () => T): { result: T; servers: Server[] } => {
  const original = Server.prototype.listen;
  const servers: Server[] = [];
  Server.prototype.listen = function listen(this: Server, ...args: unknown[]): Server {
    servers.push(this);
    const callback = args.find((arg) => typeof arg === 'function');
    const port = args.find((arg) => typeof arg === 'number') ?? 0;
    return Reflect.apply(original, this, [{ port, host: '127.0.0.1' }, callback]) as Server;
  };
  try {
    return { result: run(), servers };
  } finally {
    Server.prototype.listen = original;
  }
};

const importEntryPoint = async (appDir: string): Promise<void> => {
  const manifest = JSON.parse(readFileSync(join(appDir, 'package.json'), 'utf8')) as {
    main?: string;
    type?: string;
  };
  if (typeof manifest.main !== 'string') throw new Error('package.json names no "main"');
  const file = resolve(appDir, manifest.main);
  if (file.endsWith('.mjs') || (file.endsWith('.js') && manifest.type === 'module')) {
    await import(pathToFileURL(file).href);
  } else {
    createRequire(import.meta.url)(file);
  }
};

/**
 * Loads the app of `appDir` (`main` of its package.json) the way Azure's Node worker does: core module, entry point,
 * `appStart` hooks, capabilities, lock. An entry point that throws leaves no function and 404 on every route, as in
 * Azure, and a warning.
 */
export const loadApp = async (options: { appDir: string; report: HostReport }): Promise<LoadedApp> => {
  const { report } = options;
  const log: LoadedApp['log'] = (level, category, message) => {
    if (printed.has(level) && !(category === 'system' && level === 'information')) report.log(message);
  };
  const core = createFunctionsCore({ log });
  const uninstall = installFunctionsCore(core.api);
  const appHookData: Record<string, unknown> = {};
  let httpUri: string | null = null;
  let libraryServers: Server[] = [];
  try {
    await importEntryPoint(options.appDir);
    for (const hook of core.hooks.appStart) await hook({ hookData: {}, appHookData });
    const model = core.programmingModel();
    if (model !== null) {
      // Capabilities of the worker itself; the library adds `HttpUri`.
      const { result, servers } = bindToLoopback(() =>
        model.getCapabilities({ RawHttpBodyBytes: 'true', RpcHttpBodyOnly: 'true', WorkerStatus: 'true' }),
      );
      libraryServers = servers;
      const uri = (await result).HttpUri;
      httpUri = uri === undefined ? null : uri.replace('//localhost:', '//127.0.0.1:');
    }
  } catch (error) {
    core.functions.clear();
    report.warn(
      `the app could not be loaded; in Azure every route would answer 404: ${describeError(error)}`,
    );
  }
  core.lock();
  if (core.functions.size === 0) report.warn('the app registered no function; every route answers 404');

  return {
    functions: core.functions,
    programmingModel: core.programmingModel(),
    hooks: core.hooks,
    httpUri,
    appHookData,
    log,
    terminate: async (withinMs) => {
      let timer: NodeJS.Timeout | undefined;
      const tooLate = new Promise<'late'>((resolveLate) => {
        timer = setTimeout(() => resolveLate('late'), withinMs);
      });
      const run = async (): Promise<void> => {
        for (const hook of core.hooks.appTerminate) {
          try {
            await hook({ hookData: {}, appHookData });
          } catch (error) {
            report.log(`an appTerminate hook failed: ${describeError(error)}`);
          }
        }
      };
      if ((await Promise.race([run(), tooLate])) === 'late') {
        report.warn(`appTerminate hooks took longer than ${withinMs} ms; in Azure the worker is killed then`);
      }
      clearTimeout(timer);
      for (const server of libraryServers) {
        server.close();
        if ('closeAllConnections' in server && typeof server.closeAllConnections === 'function') {
          server.closeAllConnections();
        }
      }
      uninstall();
    },
  };
};
