import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/** Somebody else works on the data folder. */
export class DataFolderInUseError extends Error {
  override readonly name = 'DataFolderInUseError';
  readonly pid: number;

  constructor(dataDir: string, pid: number) {
    super(
      `The database folder ${dataDir} is in use by process ${pid}. Stop that one first, or use another folder.`,
    );
    this.pid = pid;
  }
}

export type DataFolderLock = { path: string; release(): void };

type Holder = {
  pid: number /** Tells this process from a later one with the same pid; null where the system doesn't say. */;
  started: string | null;
};

/**
 * Takes the lock of a data folder for this process: two PGlite processes on one folder lose rows silently, and PGlite has no lock
 * of its own. The file stands beside the folder (`initdb` wants an empty one). The lock of a process that has died is taken over.
 * @throws {DataFolderInUseError}
 */
export function lockDataFolder(
  dataDir: string,
  path = `${dataDir.replace(/[\\/]+$/, '')}.lock`,
): DataFolderLock {
  const own: Holder = { pid: process.pid, started: startOf(process.pid) };
  const content = JSON.stringify(own);
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, content, { mode: 0o600 });
  try {
    // A hard link appears with its content or not at all, so no reader ever sees a half-written lock.
    while (!linked(draft, path)) {
      const holder = readHolder(path);
      if (holder !== null && isAlive(holder)) throw new DataFolderInUseError(dataDir, holder.pid);
      removeStale(path);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return {
    path,
    release() {
      if (readText(path) === content) rmSync(path, { force: true });
    },
  };
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Moves a dead process's lock away; puts it back when it turns out to be a living one's that came in between. */
function removeStale(path: string): void {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  const moved = readHolder(aside);
  if (moved !== null && isAlive(moved)) linked(aside, path);
  rmSync(aside, { force: true });
}

function readHolder(path: string): Holder | null {
  try {
    const parsed: unknown = JSON.parse(readText(path) ?? '');
    if (typeof parsed !== 'object' || parsed === null || !('pid' in parsed) || typeof parsed.pid !== 'number')
      return null;
    const started = 'started' in parsed && typeof parsed.started === 'string' ? parsed.started : null;
    return { pid: parsed.pid, started };
  } catch {
    return null;
  }
}

function isAlive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    if (codeOf(error) !== 'EPERM') return false;
  }
  const now = startOf(pid);
  return started === null || now === null || started === now;
}

/** When a process was started, as Linux states it: boot and clock ticks since (proc(5), field 22). null elsewhere. */
function startOf(pid: number): string | null {
  const boot = readText('/proc/sys/kernel/random/boot_id');
  const stat = readText(`/proc/${pid}/stat`);
  if (boot === null || stat === null) return null;
  // The second field is the name in parentheses and may hold anything; fields are counted from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie has ended: only its parent hasn't noticed.
  if (fields[0] === 'Z') return 'ended';
  return `${boot.trim()}/${fields[19]}`;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** By its shape: in a test runner system errors may be of another realm's class. */
const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
