import fs from 'node:fs';
import { createRequire } from 'node:module';
import { jest } from '@jest/globals';
import { createFunctionsCore } from '../../local/host/functions-core.ts';
import { createHostReport } from '../../local/host/host-report.ts';
import { createInvoker, type Invoke } from '../../local/host/invoke.ts';

type Core = ReturnType<typeof createFunctionsCore>;

/** Registrations go to whichever app is being loaded; the library asks for the core only once. */
let loading: Core = createFunctionsCore({ log: () => undefined });
const sharedCore = {
  ...loading.api,
  registerFunction: (...args: unknown[]) =>
    (loading.api.registerFunction as (...a: unknown[]) => unknown)(...args),
};
const firstCore = loading;
jest.mock('@azure/functions-core', () => sharedCore, { virtual: true });
const nativeRequire = createRequire(import.meta.url);

export type DurableApp = { functions: Core['functions']; invoke: Invoke };

/**
 * Runs the code of an app (CommonJS files) against the real `durable-functions` and gives its functions. Its
 * `setTimeout` is `later`.
 */
export const loadDurableApp = (
  code: Record<string, string>,
  later: (callback: () => void, delayMs: number) => unknown = setTimeout,
): DurableApp => {
  loading = createFunctionsCore({ log: () => undefined });
  const library = nativeRequire('durable-functions');
  const load = (id: string): unknown => (id === 'durable-functions' ? library : fs);
  for (const text of Object.values(code)) {
    new Function('require', 'module', 'setTimeout', text)(load, { exports: {} }, later);
  }
  const { functions } = loading;
  const invoker = createInvoker({
    app: {
      functions,
      programmingModel: firstCore.programmingModel(),
      hooks: { preInvocation: [], postInvocation: [] },
      httpUri: null,
      appHookData: {},
      log: () => undefined,
      terminate: async () => undefined,
    },
    report: createHostReport(() => undefined),
    functionTimeoutMs: null,
  });
  return { functions, invoke: invoker.invoke };
};
