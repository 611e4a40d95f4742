import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { requireCoreTools, startCoreToolsHost } from './core-tools-host.ts';
import { openDataFiles } from './data-files.ts';
import { DataFolderInUseError, lockDataFolder } from './database/data-folder-lock.ts';
import { startSupervisedDatabase } from './database/supervised-database.ts';
import { startHostProcess } from './host/start-host-process.ts';
import { runBuiltScript } from './run-built-script.ts';

export type LocalStackOptions = {
  /** Folder with `host.json` and the built app in `dist/`. */
  appDir: string;
  dataDir: string;
  /** 0: any free one. Left out: 7071 or the next free one. */
  port?: number;
  /** Settings of the app. Without `DATABASE_URL` the embedded database is started. */
  env: Record<string, string | undefined>;
  useCoreTools?: boolean;
  /** Called after each step, with how long it took. */
  onStep: (step: { name: string; ms: number; detail: string }) => void;
  /** Lines of the app and of what runs it. */
  log: (line: string) => void;
  /** Stops between two steps. */
  signal: AbortSignal;
};

export type LocalStack = {
  url: string;
  adminKey: string;
  /** Made by this start: to be shown, once. */
  adminKeyIsNew: boolean;
  databaseUrl: string;
  /** Folder of the embedded database; null with a database of the user's own. */
  databaseDir: string | null;
  /** Resolves with a reason when something has ended that should not. */
  lost: Promise<string>;
  /** Host, database, files, in this order. */
  stop(): Promise<void>;
};

/**
 * Starts the whole product on this machine: database, migrations, host.
 * @throws {Error} with a message for the user; nothing is left running then.
 */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const { appDir, dataDir, onStep, log, signal } = options;
  const started = new AsyncDisposableStack();
  const step = async <Result>(
    name: string,
    work: () => Promise<Result>,
    detail: (result: Result) => string,
  ) => {
    signal.throwIfAborted();
    const startedAt = performance.now();
    const result = await work();
    onStep({ name, ms: Math.round(performance.now() - startedAt), detail: detail(result) });
    return result;
  };

  if (!existsSync(join(appDir, 'dist/main.mjs'))) throw new Error('The app is not built: npm run build');
  if (options.useCoreTools === true) requireCoreTools();
  try {
    const files = openDataFiles(dataDir);
    const lock = takeFolder(dataDir, files.runningUrl());
    started.defer(() => lock.release());
    started.defer(() => files.removeRunning());
    const { key: adminKey, isNew: adminKeyIsNew } = options.env.SQ_ADMIN_KEY
      ? { key: options.env.SQ_ADMIN_KEY, isNew: false }
      : files.adminKey();
    const env: Record<string, string | undefined> = {
      SQ_COOKIE_SECURE: 'false',
      ...options.env,
      SQ_ARTIFACTS_DIR: options.env.SQ_ARTIFACTS_DIR || resolve(dataDir, 'artifacts'),
      SQ_ADMIN_KEY: adminKey,
    };
    const script = (name: string, databaseUrl: string) =>
      runBuiltScript(join(appDir, 'dist', name), { ...env, DATABASE_URL: databaseUrl }, signal);

    // The embedded database's address is not known yet, but everything else can be checked before it is started.
    const ownUrl = env.DATABASE_URL || null;
    await step(
      'settings',
      () => script('check-config.mjs', ownUrl ?? 'postgres://127.0.0.1/embedded'),
      () => 'valid',
    );

    const databaseDir = ownUrl === null ? join(dataDir, 'postgres') : null;
    const embedded =
      databaseDir === null
        ? null
        : await step(
            'database',
            () => startSupervisedDatabase({ dataDir: databaseDir }, log),
            () => `embedded, in ${databaseDir}`,
          );
    if (embedded !== null) {
      started.defer(() => embedded.stop());
      files.writeDatabaseUrl(embedded.url);
    }
    const databaseUrl = embedded?.url ?? ownUrl ?? '';
    await step('migrations', () => script('migrate.mjs', databaseUrl), lastLine);

    const host = await step(
      'host',
      () => startHost(options, { ...env, DATABASE_URL: databaseUrl }),
      ({ url }) => url,
    );
    started.defer(() => host.stop());
    files.writeHost({ url: host.url, pid: process.pid, key: adminKey });
    const hostLost = host.ended.then((code) => `the host has ended (exit code ${code})`);
    return {
      url: host.url,
      adminKey,
      adminKeyIsNew,
      databaseUrl,
      databaseDir,
      lost: embedded === null ? hostLost : Promise.race([hostLost, embedded.lost]),
      stop: () => started.disposeAsync(),
    };
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}

function takeFolder(dataDir: string, runningUrl: string | null) {
  try {
    return lockDataFolder(dataDir, join(dataDir, 'start.lock'));
  } catch (error) {
    if (!(error instanceof DataFolderInUseError) || runningUrl === null) throw error;
    throw new Error(`${error.message} It serves ${runningUrl}.`, { cause: error });
  }
}

function startHost(options: LocalStackOptions, env: Record<string, string | undefined>) {
  const { appDir, dataDir, log, signal } = options;
  const port = options.port === undefined ? {} : { port: options.port };
  if (options.useCoreTools === true) return startCoreToolsHost({ appDir, env, signal, ...port });
  const durableFile = join(dataDir, 'durable.sqlite');
  return startHostProcess({ appDir, env, log, durableFile, ...port }).catch((cause: Error) => {
    if (!cause.message.includes('EADDRINUSE')) throw cause;
    throw new Error(
      `Port ${options.port} is in use by another program. Choose another with --port, or leave it out.`,
      { cause },
    );
  });
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';
