import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { DatabaseProcessReport, DatabaseProcessRequest } from './database-process.ts';

export type EmbeddedDatabaseOptions = {
  /** Folder of the database, made when missing; null: in memory. */
  dataDir: string | null;
  /** 0 or left out: a free one. */
  port?: number;
  /** A dump made with `dump`, loaded when the folder holds no database yet. */
  dumpFile?: string;
  /** Left out: a random one. */
  password?: string;
  /** See `MultiplexerOptions`. */
  transactionIdleTimeoutMs?: number;
};

export type EmbeddedDatabase = {
  /** Connection string with the password. */
  url: string;
  port: number;
  pid: number;
  /** Resolves when the process has ended; `expected` when `stop` was called. */
  exited: Promise<{ expected: boolean; description: string }>;
  /** Writes the data folder as a tar file that `dumpFile` takes. */
  dump(file: string): Promise<void>;
  /** Rolls open transactions back, ends the clients and the process. */
  stop(): Promise<void>;
};

/**
 * Starts PGlite (PostgreSQL 18 with pgvector and pg_trgm) in a process of its own, on 127.0.0.1. The process ends when this one does.
 * @throws {Error} with a message for the user when it can't start: the folder is in use, the port is taken.
 */
export async function startEmbeddedDatabase(options: EmbeddedDatabaseOptions): Promise<EmbeddedDatabase> {
  const password = options.password ?? randomBytes(18).toString('base64url');
  const child = fork(join(import.meta.dirname, 'database-process.ts'), [], {
    // Test runners and debuggers put options of their own into this process; the database needs none of them.
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  let stopping = false;
  const exited = new Promise<{ expected: boolean; description: string }>((resolve) => {
    child.once('exit', (code, signal) =>
      resolve({
        expected: stopping,
        description: signal === null ? `exit code ${code}` : `signal ${signal}`,
      }),
    );
  });
  const started = await ask(child, {
    type: 'start',
    options: {
      dataDir: options.dataDir,
      port: options.port ?? 0,
      password,
      dumpFile: options.dumpFile ?? null,
      transactionIdleTimeoutMs: options.transactionIdleTimeoutMs ?? 60_000,
    },
  });
  const port = started.type === 'ready' ? started.port : 0;
  // The database must not keep this process alive; it ends with it.
  child.unref();
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    port,
    pid: child.pid ?? 0,
    exited,
    async dump(file) {
      await ask(child, { type: 'dump', file });
    },
    async stop() {
      stopping = true;
      child.ref();
      // Understood as "stop" on every system; a signal would simply end the process on Windows.
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

/** Sends a request to the database process and waits for what it reports. @throws {Error} when it reports a failure or ends. */
function ask(child: ChildProcess, request: DatabaseProcessRequest): Promise<DatabaseProcessReport> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      child.off('error', onError);
      child.channel?.unref();
      act();
    };
    const onMessage = (report: DatabaseProcessReport) =>
      settle(() => (report.type === 'failed' ? reject(new Error(report.message)) : resolve(report)));
    const onExit = (code: number | null, signal: string | null) =>
      settle(() => reject(new Error(`the database process ended (${signal ?? `exit code ${code}`})`)));
    const onError = (error: Error) => settle(() => reject(error));
    child.on('message', onMessage);
    child.on('exit', onExit);
    child.on('error', onError);
    child.channel?.ref();
    child.send(request);
  });
}
