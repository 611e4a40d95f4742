import Module from 'node:module';
import type { FunctionCallback, FunctionMetadata, LogLevel, ProgrammingModel } from './rpc-types.ts';

export type HookName = 'preInvocation' | 'postInvocation' | 'appStart' | 'appTerminate' | 'log';
export type HookCallback = (context: Record<string, unknown>) => unknown;

export type RegisteredFunction = { metadata: FunctionMetadata; callback: FunctionCallback };

export type FunctionsCore = {
  /** What `require('@azure/functions-core')` answers. */
  api: Record<string, unknown>;
  functions: Map<string, RegisteredFunction>;
  hooks: Record<HookName, HookCallback[]>;
  programmingModel(): ProgrammingModel | null;
  /** After this, registering a function throws, as in Azure once the host has asked for the list. */
  lock(): void;
};

const moduleName = '@azure/functions-core';

class CoreDisposable {
  readonly #dispose: () => unknown;
  constructor(dispose: () => unknown) {
    this.#dispose = dispose;
  }
  static from(...items: { dispose(): unknown }[]): CoreDisposable {
    return new CoreDisposable(() => {
      for (const item of items) item.dispose();
    });
  }
  dispose(): unknown {
    return this.#dispose();
  }
}

/**
 * The worker's side of `@azure/functions-core`: an object that exists only inside a Functions worker and through which
 * `@azure/functions` registers everything (documented in `types-core/index.d.ts` of the Node worker).
 */
export const createFunctionsCore = (options: {
  log(level: LogLevel, category: string, message: string): void;
}): FunctionsCore => {
  const functions = new Map<string, RegisteredFunction>();
  const hooks: FunctionsCore['hooks'] = {
    preInvocation: [],
    postInvocation: [],
    appStart: [],
    appTerminate: [],
    log: [],
  };
  let model: ProgrammingModel | null = null;
  let locked = false;

  const registerFunction = (metadata: FunctionMetadata, callback: FunctionCallback): CoreDisposable => {
    if (locked) throw new Error('A function can only be registered during app startup.');
    if (functions.has(metadata.name)) {
      throw new Error(`A function with name "${metadata.name}" has already been registered.`);
    }
    metadata.functionId ??= metadata.name;
    functions.set(metadata.name, { metadata, callback });
    return new CoreDisposable(() => {
      if (locked) throw new Error('A function can only be disposed during app startup.');
      functions.delete(metadata.name);
    });
  };

  const registerHook = (name: string, callback: HookCallback): CoreDisposable => {
    if (!Object.hasOwn(hooks, name)) {
      const error = new RangeError(`Unrecognized hook "${name}"`);
      throw Object.assign(error, { isAzureFunctionsSystemError: true });
    }
    const list = hooks[name as HookName];
    list.push(callback);
    return new CoreDisposable(() => {
      const index = list.indexOf(callback);
      if (index >= 0) list.splice(index, 1);
    });
  };

  return {
    api: {
      version: '3.12.0',
      hostVersion: '4.1042.100',
      registerFunction,
      registerHook,
      setProgrammingModel: (value: ProgrammingModel) => {
        model = value;
      },
      getProgrammingModel: () => model,
      log: options.log,
      Disposable: CoreDisposable,
    },
    functions,
    hooks,
    programmingModel: () => model,
    lock: () => {
      locked = true;
    },
  };
};

/**
 * Lets `require('@azure/functions-core')` answer `api`, by replacing `Module.prototype.require` exactly as the worker
 * does. Returns what takes the replacement away again.
 */
export const installFunctionsCore = (api: Record<string, unknown>): (() => void) => {
  const prototype = Module.prototype as unknown as { require: (id: string) => unknown };
  const original = prototype.require;
  prototype.require = function require(this: unknown, id: string): unknown {
    return id === moduleName ? api : original.call(this, id);
  };
  return () => {
    prototype.require = original;
  };
};
