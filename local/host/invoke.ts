import { randomUUID } from 'node:crypto';
import type { RegisteredFunction } from './functions-core.ts';
import type { HostReport } from './host-report.ts';
import type { LoadedApp } from './load-app.ts';
import type {
  CoreInvocationContext,
  InvocationResponse,
  ParameterBinding,
  RpcTypedData,
} from './rpc-types.ts';

export type InvokeOptions = {
  /** Chosen by the caller when it must know it before; otherwise random. */
  invocationId?: string;
  /** Called when the arguments are there and the handler is about to run. */
  onHandler?: () => void;
};

/** One call of a function: what the host sends to the worker, and what comes back. */
export type Invoke = (
  name: string,
  inputData: ParameterBinding[],
  triggerMetadata: Record<string, RpcTypedData>,
  options?: InvokeOptions,
) => Promise<InvocationResponse>;

/** The invocation ran past `functionTimeout`. */
export class FunctionTimeoutError extends Error {
  override readonly name = 'FunctionTimeoutError';
}

export type Invoker = {
  invoke: Invoke;
  /** Calls that have not ended yet. */
  running(): number;
  /** Resolves when no call is running, or after `withinMs` with false. */
  idle(withinMs: number): Promise<boolean>;
};

const noTrace = { traceParent: '', traceState: '', attributes: {} };

/**
 * The seam between triggers and the app: `invoke(name, inputData, triggerMetadata)` does what the worker does with an
 * `InvocationRequest`. It rejects with what the function threw, or with `FunctionTimeoutError`, where Azure kills the
 * worker with every call in flight: that is a warning.
 */
export const createInvoker = (options: {
  app: LoadedApp;
  report: HostReport;
  functionTimeoutMs: number | null;
}): Invoker => {
  const { app, report, functionTimeoutMs } = options;
  let running = 0;
  const waiting = new Set<() => void>();

  const call = async (
    registered: RegisteredFunction,
    context: CoreInvocationContext,
    onHandler: (() => void) | undefined,
  ): Promise<InvocationResponse> => {
    const model = app.programmingModel;
    if (model === null) throw new Error('the app set no programming model');
    const invocation = model.getInvocationModel(context);
    const { context: invocationContext, inputs } = await invocation.getArguments();
    onHandler?.();
    const { preInvocation, postInvocation } = app.hooks;
    if (preInvocation.length === 0 && postInvocation.length === 0) {
      context.state = 'invocation';
      const result = await invocation.invokeFunction(invocationContext, inputs, registered.callback);
      return invocation.getResponse(invocationContext, result);
    }

    const hookContext: Record<string, unknown> = {
      hookData: {},
      appHookData: app.appHookData,
      invocationContext,
      functionCallback: registered.callback,
      inputs,
    };
    context.state = 'preInvocationHooks';
    for (const hook of preInvocation) await hook(hookContext);
    context.state = 'invocation';
    hookContext.result = null;
    hookContext.error = null;
    try {
      hookContext.result = await invocation.invokeFunction(
        invocationContext,
        hookContext.inputs as unknown[],
        hookContext.functionCallback as RegisteredFunction['callback'],
      );
    } catch (error) {
      hookContext.error = error;
    }
    context.state = 'postInvocationHooks';
    for (const hook of postInvocation) await hook(hookContext);
    context.state = undefined;
    if (hookContext.error !== null && hookContext.error !== undefined) throw hookContext.error;
    return invocation.getResponse(invocationContext, hookContext.result);
  };

  const withTimeout = (name: string, work: Promise<InvocationResponse>): Promise<InvocationResponse> => {
    if (functionTimeoutMs === null) return work;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        report.warn(
          `function ${name} ran past functionTimeout (${functionTimeoutMs} ms); in Azure the worker is killed with every call in flight`,
        );
        reject(new FunctionTimeoutError(`Timeout value of ${functionTimeoutMs} ms exceeded by ${name}`));
      }, functionTimeoutMs);
      work.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  };

  const ended = (): void => {
    running--;
    if (running > 0) return;
    for (const wake of waiting) wake();
    waiting.clear();
  };

  return {
    invoke: (name, inputData, triggerMetadata, invokeOptions = {}) => {
      const registered = app.functions.get(name);
      if (registered === undefined) return Promise.reject(new Error(`there is no function "${name}"`));
      const invocationId = invokeOptions.invocationId ?? randomUUID();
      const context: CoreInvocationContext = {
        invocationId,
        request: {
          invocationId,
          functionId: registered.metadata.functionId ?? name,
          inputData,
          triggerMetadata,
          traceContext: noTrace,
        },
        metadata: registered.metadata,
        state: undefined,
        log: app.log,
      };
      running++;
      const work = withTimeout(name, call(registered, context, invokeOptions.onHandler));
      work.then(ended, ended);
      return work;
    },
    running: () => running,
    idle: (withinMs) => {
      if (running === 0) return Promise.resolve(true);
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          waiting.delete(wake);
          resolve(false);
        }, withinMs);
        const wake = (): void => {
          clearTimeout(timer);
          resolve(true);
        };
        waiting.add(wake);
      });
    },
  };
};
