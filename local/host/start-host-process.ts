import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { HostMessage, HostRequest } from './host-messages.ts';

export type HostProcessOptions = {
  appDir: string;
  /** Must be free when given; 0 takes any. Not given: 7071 or the next free one. */
  port?: number;
  /** The whole environment of the child, not merged with ours; ours when left out. */
  env?: Record<string, string | undefined>;
  /** Gets what the child writes (its own lines and the app's log), line by line; dropped when left out. */
  log?: (line: string) => void;
  /** For `node` itself, such as `--cpu-prof`. */
  execArgv?: string[];
  /** Keeps the state of orchestrations over a restart; one host at a time. In memory when left out. */
  durableFile?: string;
  /** Whether the Durable engine refuses what would corrupt or hang in Azure; left out: under `NODE_ENV=test`. */
  strictDurable?: boolean;
};

export type HostProcess = {
  url: string;
  port: number;
  pid: number;
  functions: string[];
  /** All warnings so far, asked from the child. After its end: those that it had told. */
  warnings(): Promise<string[]>;
  /** SIGTERM; resolves when the process has ended in good order. */
  stop(): Promise<void>;
  /** SIGKILL, as a crash. */
  kill(): Promise<void>;
  /** Resolves with the exit code (null after a signal) when the process has ended, however that came. */
  ended: Promise<number | null>;
};

const splitLines = (stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void => {
  let rest = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
  stream?.on('end', () => {
    if (rest !== '') onLine(rest);
  });
};

const askWarnings = (child: ChildProcess, told: string[]): Promise<string[]> => {
  if (!child.connected) return Promise.resolve([...told]);
  return new Promise((resolve) => {
    const finish = (warnings: string[]): void => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      resolve(warnings);
    };
    const onExit = (): void => finish([...told]);
    const onMessage = (message: HostMessage): void => {
      if (message.type === 'warnings') finish(message.warnings);
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
    child.send({ type: 'warnings' } satisfies HostRequest);
  });
};

/** Starts the host in a process of its own and resolves when it serves. Rejects with what kept it from starting. */
export const startHostProcess = async (options: HostProcessOptions): Promise<HostProcess> => {
  const args = ['--app', options.appDir];
  if (options.port !== undefined) args.push('--port', String(options.port));
  if (options.durableFile !== undefined) args.push('--durable', options.durableFile);
  if (options.strictDurable !== undefined) {
    args.push(options.strictDurable ? '--strict-durable' : '--no-strict-durable');
  }
  const child = fork(join(import.meta.dirname, 'host-process.ts'), args, {
    env: (options.env ?? process.env) as NodeJS.ProcessEnv,
    execArgv: ['--disable-warning=ExperimentalWarning', ...(options.execArgv ?? [])],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const log = options.log ?? (() => undefined);
  splitLines(child.stdout, log);
  splitLines(child.stderr, log);
  const told: string[] = [];
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
  });

  const ready = await new Promise<Extract<HostMessage, { type: 'ready' }>>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`the host process ended with ${code} before it was ready`)),
    );
    child.on('message', (message: HostMessage) => {
      if (message.type === 'ready') resolve(message);
      else if (message.type === 'failed') reject(new Error(message.message));
      else if (message.type === 'warning') told.push(message.text);
    });
  });
  const signal = (name: NodeJS.Signals) => async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(name);
    await ended;
  };
  return {
    url: ready.url,
    port: ready.port,
    pid: child.pid ?? 0,
    functions: ready.functions,
    warnings: () => askWarnings(child, told),
    stop: signal('SIGTERM'),
    kill: signal('SIGKILL'),
    ended,
  };
};
