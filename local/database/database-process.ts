// The database's own process: PGlite behind the multiplexer. Started by `startEmbeddedDatabase`, which tells it what to do over IPC.
import { existsSync, mkdirSync, openAsBlob, realpathSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm';
import { vector } from '@electric-sql/pglite-pgvector';
import { type DataFolderLock, lockDataFolder } from './data-folder-lock.ts';
import { createPgliteMultiplexer, type Multiplexer } from './pglite-multiplexer.ts';

export type DatabaseProcessOptions = {
  /** null: in memory. */
  dataDir: string | null;
  port: number;
  password: string;
  /** A dump of a data folder, loaded into an empty one. */
  dumpFile: string | null;
  transactionIdleTimeoutMs: number;
};

export type DatabaseProcessRequest =
  | { type: 'start'; options: DatabaseProcessOptions }
  | { type: 'dump'; file: string };
export type DatabaseProcessReport =
  | { type: 'ready'; port: number }
  | { type: 'dumped' }
  | { type: 'failed'; message: string };

/** PGlite has no background processes. Without a checkpoint the write-ahead log grows until the next clean stop; */
const checkpointIntervalMs = 5 * 60_000;
/** without this, dead rows stay and the planner knows nothing of the tables. */
const vacuumIntervalMs = 60 * 60_000;
const stopTimeoutMs = 10_000;

let db: PGlite | null = null;
let multiplexer: Multiplexer | null = null;
let lock: DataFolderLock | null = null;
let stopping = false;

async function start(options: DatabaseProcessOptions): Promise<number> {
  let dataDir: string | null = null;
  if (options.dataDir !== null) {
    mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
    // The same folder by another name (a link) is the same folder.
    dataDir = realpathSync(options.dataDir);
    lock = lockDataFolder(dataDir);
  }
  const isNew = dataDir === null || !existsSync(join(dataDir, 'PG_VERSION'));
  db = new PGlite({
    ...(dataDir === null ? {} : { dataDir }),
    extensions: { vector, pg_trgm },
    ...(options.dumpFile !== null && isNew ? { loadDataDir: await openAsBlob(options.dumpFile) } : {}),
  });
  await db.waitReady;
  multiplexer = await createPgliteMultiplexer(db, {
    password: options.password,
    transactionIdleTimeoutMs: options.transactionIdleTimeoutMs,
    onBackendFailure: die,
  });
  if (dataDir !== null) {
    setInterval(maintain, checkpointIntervalMs, 'CHECKPOINT').unref();
    setInterval(maintain, vacuumIntervalMs, 'VACUUM (ANALYZE)').unref();
  }
  return multiplexer.listen(options.port);
}

function maintain(statement: string): void {
  multiplexer?.exclusively((execute) => execute(statement)).catch(die);
}

async function dump(file: string): Promise<void> {
  const [database, server] = [db, multiplexer];
  if (database === null || server === null) throw new Error('the database has not been started');
  await server.exclusively(async (execute) => {
    await execute('CHECKPOINT');
    await writeFile(file, (await database.dumpDataDir('none')).stream());
  });
}

async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  setTimeout(() => process.exit(1), stopTimeoutMs).unref();
  await multiplexer?.stop();
  await db?.close();
  lock?.release();
  process.exit(0);
}

/** The backend's state can't be trusted any more. What it has acknowledged is in its files; a new process takes the lock over. */
function die(error: unknown): void {
  if (stopping) return;
  console.error('The embedded database has failed:', error);
  process.exit(70);
}

const report = (message: DatabaseProcessReport) => process.send?.(message);
const fail = (error: unknown) =>
  report({ type: 'failed', message: error instanceof Error ? error.message : String(error) });

process.on('message', ({ ...request }: DatabaseProcessRequest) => {
  if (request.type === 'dump') {
    dump(request.file).then(() => report({ type: 'dumped' }), fail);
    return;
  }
  start(request.options).then(
    (port) => report({ type: 'ready', port }),
    (error: unknown) => {
      lock?.release();
      fail(error);
      process.exitCode = 1;
      process.disconnect();
    },
  );
});
process.on('uncaughtException', die);
process.on('SIGTERM', () => void stop());
// Ctrl-C reaches the whole group; whoever started this process decides when the database goes.
process.on('SIGINT', () => {});
process.on('disconnect', () => void stop());
