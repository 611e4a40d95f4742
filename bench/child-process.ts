import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Starts a file of this folder and waits for its first message. */
export const startChild = async <Message>(
  file: string,
  options: {
    parameters?: string[];
    env?: Record<string, string>;
    message?: object;
    execArgv?: string[];
  } = {},
): Promise<{ child: ChildProcess; message: Message }> => {
  const child = fork(path.join(import.meta.dirname, file), options.parameters ?? [], {
    env: { PATH: process.env.PATH, ...options.env },
    execArgv: options.execArgv ?? [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const message = new Promise<Message>((resolve, reject) => {
    child.once('message', (received) => resolve(received as Message));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)));
  });
  if (options.message) child.send(options.message);
  return { child, message: await message };
};

/** Ends a child in good order, by force after ten seconds. */
export const stopChild = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(force);
};

/** CPU time (user and system, all threads) and resident memory of a process, from /proc. */
export const processUse = (pid: number): { cpuMs: number; rssMb: number } => {
  // Fields are counted behind the command's closing parenthesis; ticks are 10 ms on Linux.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const rss = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { cpuMs: (Number(fields[11]) + Number(fields[12])) * 10, rssMb: Number(rss) / 1024 };
};
