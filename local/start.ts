// `npm start`: the whole product on this machine, until ctrl-C.
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { readLocalSettings } from './local-settings.ts';
import { type LocalStack, startLocalStack } from './local-stack.ts';
import { createStopSignal } from './stop-signal.ts';

const help = `Starts database, migrations and host on this machine. Ctrl-C stops them.

Usage: npm start -- [options]

  --port N     port of the host (default: 7071 or the next free one)
  --data DIR   folder of the database, the keys and host.json (default: .data)
  --func       serve with Azure Functions Core Tools ("func start") instead of the host of this repository
  --help       this text

Settings come from the environment and from local.settings.json; docs/configuration.md lists them.
With DATABASE_URL set, that database is used instead of the embedded one.
Ends with 0 when it was stopped, 1 when something failed, 2 for wrong words.`;

const stopHint = 'calls are under way: they have 10 s to end; ctrl-C once more ends them';

const appDir = join(import.meta.dirname, '..');
// Colours only on a terminal; FORCE_COLOR and NO_COLOR are not asked, so that a pipe always gets plain text.
const colors = pc.createColors(process.stdout.isTTY === true);
const say = (line: string) => process.stdout.write(`${line}\n`);

function readOptions() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      data: { type: 'string', default: '.data' },
      func: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && (!Number.isInteger(port) || port < 0 || port > 65_535)) {
    throw new Error(`--port must be a number from 0 to 65535, not "${values.port}"`);
  }
  return { ...values, port };
}

async function start(options: ReturnType<typeof readOptions>, signal: AbortSignal): Promise<LocalStack> {
  // Lines of the app wait until the steps are through, so that those stay together.
  const early: string[] = [];
  let serving = false;
  const stack = await startLocalStack({
    appDir,
    dataDir: resolve(options.data),
    ...(options.port === undefined ? {} : { port: options.port }),
    env: { ...readLocalSettings(join(appDir, 'local.settings.json')), ...process.env },
    useCoreTools: options.func,
    onStep: ({ name, ms, detail }) =>
      say(`${colors.green('✓')} ${name.padEnd(11)}${colors.dim(`${ms} ms`.padStart(9))}  ${detail}`),
    log: (line) => (serving ? say(line) : early.push(line)),
    signal,
  }).catch((error: unknown) => {
    for (const line of early) say(line);
    throw error;
  });
  if (stack.adminKeyIsNew) {
    const file = relative(process.cwd(), join(resolve(options.data), 'admin-key'));
    say(`\nAdmin key, shown this once (kept in ${file}):\n  ${colors.bold(stack.adminKey)}`);
  }
  say(`\n${colors.bold(stack.url)}  dashboard; ${stack.url}/api/docs  API. Ctrl-C stops.\n`);
  serving = true;
  for (const line of early) say(line);
  return stack;
}

const complain = (error: unknown, more = '') =>
  process.stderr.write(`${error instanceof Error ? error.message : error}${more}\n`);

/** @returns the exit code. @throws for words that make no sense */
async function serve(): Promise<number> {
  const options = readOptions();
  if (options.help) {
    say(help);
    return 0;
  }
  const asked = createStopSignal('stopped before everything was started');
  const whenAsked = new Promise<null>((resolveAsked) => {
    asked.addEventListener('abort', () => resolveAsked(null));
  });
  try {
    const stack = await start(options, asked);
    const lost = await Promise.race([whenAsked, stack.lost]);
    if (lost !== null) process.stderr.write(`${lost}; stopping\n`);
    const patience = setTimeout(() => say(stopHint), 1000);
    await stack.stop();
    clearTimeout(patience);
    say('stopped');
    return lost === null ? 0 : 1;
  } catch (error) {
    complain(error);
    return 1;
  }
}

try {
  process.exitCode = await serve();
} catch (error) {
  complain(error, ' (--help says more)');
  process.exitCode = 2;
}
