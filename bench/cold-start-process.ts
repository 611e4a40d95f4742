// One measured process: loads an app as the Functions worker does, names the functions it registered, and ends.
import Module from 'node:module';

/** The worker's side of @azure/functions-core, as far as registering goes. */
const createCore = (registered: string[]) => ({
  version: '3.9.1',
  hostVersion: '4.0.0',
  registerFunction: ({ name }: { name: string }) => {
    registered.push(name);
    return { dispose() {} };
  },
  registerHook: () => ({ dispose() {} }),
  setProgrammingModel() {},
  getProgrammingModel() {},
  log() {},
  Disposable: class {},
});

type Loader = { _load(request: string, ...rest: unknown[]): unknown };

const [entry] = process.argv.slice(2);
if (entry !== undefined) {
  const registered: string[] = [];
  const core = createCore(registered);
  const loader = Module as unknown as Loader;
  const load = loader._load;
  loader._load = (request, ...rest) => (request === '@azure/functions-core' ? core : load(request, ...rest));
  await import(entry);
  process.stdout.write(JSON.stringify(registered.sort()));
}
process.exit(0);
