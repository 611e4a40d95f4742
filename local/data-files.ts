import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type HostFile = { url: string; pid: number; key: string };

/**
 * The small files of a data folder. Those that hold secrets are readable by their owner only.
 * @throws {Error} when the folder cannot be used for it
 */
export function openDataFiles(dataDir: string) {
  makeFolder(dataDir);
  const adminKeyFile = join(dataDir, 'admin-key');
  const hostFile = join(dataDir, 'host.json');
  const databaseUrlFile = join(dataDir, 'database-url');
  return {
    /** The first admin key: made once, then kept. */
    adminKey(): { key: string; isNew: boolean } {
      if (existsSync(adminKeyFile)) return { key: readFileSync(adminKeyFile, 'utf8').trim(), isNew: false };
      const key = `sq_${randomBytes(32).toString('base64url')}`;
      writeSecret(adminKeyFile, `${key}\n`);
      return { key, isNew: true };
    },
    /** Tells the commands of this machine where the running host is. */
    writeHost(host: HostFile): void {
      writeSecret(hostFile, `${JSON.stringify(host)}\n`);
    },
    /** Where psql and other clients find the embedded database while it runs. */
    writeDatabaseUrl(url: string): void {
      writeSecret(databaseUrlFile, `${url}\n`);
    },
    /** What is true only while something runs. */
    removeRunning(): void {
      rmSync(hostFile, { force: true });
      rmSync(databaseUrlFile, { force: true });
    },
    /** @returns the URL of the host that runs on this folder, as far as its file tells. */
    runningUrl(): string | null {
      try {
        return (JSON.parse(readFileSync(hostFile, 'utf8')) as HostFile).url;
      } catch {
        return null;
      }
    },
  };
}

function makeFolder(dataDir: string): void {
  // A Functions app has a host.json of its own: ours would take its place, and be deleted at the end.
  if (existsSync(join(dataDir, 'package.json'))) {
    throw new Error(
      `${dataDir} is the folder of a program and cannot hold the data too: choose another with --data`,
    );
  }
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The data folder cannot be made: ${reason}`, { cause: error });
  }
}

/** In one step, and never readable by others, not even for a moment. */
function writeSecret(file: string, text: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}
