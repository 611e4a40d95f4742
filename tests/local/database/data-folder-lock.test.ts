import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DataFolderInUseError, lockDataFolder } from '../../../local/database/data-folder-lock.ts';

describe('lockDataFolder', () => {
  let folder: string;
  let dataDir: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sq-lock-'));
    dataDir = join(folder, 'postgres');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('refuses a folder that a living process has, and frees it on release', () => {
    const lock = lockDataFolder(dataDir);
    expect(() => lockDataFolder(`${dataDir}/`)).toThrow(DataFolderInUseError);
    expect(() => lockDataFolder(dataDir)).toThrow(`in use by process ${process.pid}`);
    lock.release();
    expect(existsSync(lock.path)).toBe(false);
    lockDataFolder(dataDir).release();
  });

  it('takes over the lock of a process that has died', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => child.on('exit', resolve));
    writeFileSync(`${dataDir}.lock`, JSON.stringify({ pid: child.pid, started: null }));
    const lock = lockDataFolder(dataDir);
    expect(JSON.parse(readFileSync(lock.path, 'utf8')).pid).toBe(process.pid);
  });

  it.each(['', 'no json', '{}'])('takes over a lock that says nothing: %j', (content) => {
    writeFileSync(`${dataDir}.lock`, content);
    expect(() => lockDataFolder(dataDir)).not.toThrow();
  });

  const onLinux = process.platform === 'linux' ? it : it.skip;
  onLinux('takes over the lock of a dead process whose pid another one has got', () => {
    const started = JSON.stringify({ pid: process.pid, started: 'another boot/12345' });
    writeFileSync(`${dataDir}.lock`, started);
    expect(() => lockDataFolder(dataDir)).not.toThrow();
  });

  it('leaves a lock alone that is not its own any more', () => {
    const lock = lockDataFolder(dataDir);
    writeFileSync(lock.path, '{"pid":1}');
    lock.release();
    expect(readFileSync(lock.path, 'utf8')).toBe('{"pid":1}');
  });
});
