import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';

const healthWaitMs = 120_000;

// On Windows `func` is a command file, which only a shell finds.
const shell = process.platform === 'win32';

/** @throws {Error} that says what to do, when `func` is not installed. */
export function requireCoreTools(): void {
  if (spawnSync('func', ['--version'], { shell, stdio: 'ignore' }).status === 0) return;
  throw new Error(
    'Azure Functions Core Tools ("func") are not installed: https://aka.ms/func-install. Without --func, npm start needs none.',
  );
}

/**
 * Starts the built app under Azure Functions Core Tools instead of the host of this repository.
 * @throws {Error} when the app does not answer in time.
 */
export async function startCoreToolsHost(options: {
  appDir: string;
  port?: number;
  env: Record<string, string | undefined>;
  signal: AbortSignal;
}): Promise<{ url: string; pid: number; ended: Promise<number | null>; stop(): Promise<void> }> {
  const port = options.port || (await freePort());
  const child = spawn('func', ['start', '--port', String(port)], {
    cwd: options.appDir,
    env: { FUNCTIONS_WORKER_RUNTIME: 'node', AzureWebJobsSecretStorageType: 'files', ...options.env },
    stdio: ['ignore', 'inherit', 'inherit'],
    shell,
  });
  let running = true;
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => {
      running = false;
      resolve(code);
    });
    child.once('error', () => resolve(null));
  });
  const stop = async () => {
    if (running) child.kill('SIGINT');
    await ended;
  };
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + healthWaitMs;
  while (!(await answers(`${url}/api/health`))) {
    if (!running) throw new Error('func has ended before the app answered; its lines above say why.');
    if (options.signal.aborted || Date.now() > deadline) {
      await stop();
      options.signal.throwIfAborted();
      throw new Error(`the app did not answer under func within ${healthWaitMs / 1000} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return { url, pid: child.pid ?? 0, ended, stop };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0));
    });
  });
}
