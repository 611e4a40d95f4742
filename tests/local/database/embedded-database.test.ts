import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { type EmbeddedDatabase, startEmbeddedDatabase } from '../../../local/database/embedded-database.ts';

const connect = async (url: string): Promise<Client> => {
  const client = new Client({ connectionString: url });
  // A killed backend is part of these tests; without a listener the event would end the test process.
  client.on('error', () => {});
  await client.connect();
  return client;
};

describe('an embedded database in a folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sq-database-'));
  const dataDir = join(folder, 'postgres');
  let database: EmbeddedDatabase;

  beforeAll(async () => {
    database = await startEmbeddedDatabase({ dataDir });
  }, 90_000);
  afterAll(async () => {
    await database.stop();
    rmSync(folder, { recursive: true });
  });

  it('has pgvector and pg_trgm', async () => {
    const client = await connect(database.url);
    await client.query('create extension if not exists vector; create extension if not exists pg_trgm');
    const { rows } = await client.query(
      `select '[1,2]'::vector <-> '[1,4]'::vector as distance, similarity('abcd', 'abcx') > 0 as alike`,
    );
    expect(rows).toEqual([{ distance: 2, alike: true }]);
    await client.end();
  });

  it('lets nobody in without the password', async () => {
    await expect(connect(database.url.replace(/:[^:@]+@/, ':wrong@'))).rejects.toThrow(/password/);
  });

  it('refuses a second process on the same folder and says who has it', async () => {
    await expect(startEmbeddedDatabase({ dataDir })).rejects.toThrow(
      new RegExp(`in use by process ${database.pid}`),
    );
  });

  it('loses no acknowledged row when it is killed, and starts again on the same folder', async () => {
    const setup = await connect(database.url);
    await setup.query('create table kill_test (n int primary key, filler text)');
    await setup.end();
    const acknowledged: number[] = [];
    let next = 0;
    const writers = Array.from({ length: 4 }, async () => {
      const client = await connect(database.url);
      try {
        for (;;) {
          const n = next++;
          await client.query('insert into kill_test values ($1, $2)', [n, 'x'.repeat(500)]);
          acknowledged.push(n);
        }
      } catch {
        // The kill below.
      }
    });
    while (acknowledged.length < 300) await new Promise((resolve) => setTimeout(resolve, 5));
    process.kill(database.pid, 'SIGKILL');
    await Promise.all(writers);
    expect(await database.exited).toEqual({ expected: false, description: 'signal SIGKILL' });

    database = await startEmbeddedDatabase({ dataDir });
    const client = await connect(database.url);
    const { rows } = await client.query<{ n: number }>('select n from kill_test');
    await client.end();
    const stored = new Set(rows.map(({ n }) => n));
    expect(acknowledged.length).toBeGreaterThanOrEqual(300);
    expect(acknowledged.filter((n) => !stored.has(n))).toEqual([]);
  });

  it('stops cleanly: open transactions are gone, committed rows stay, the lock is free', async () => {
    const client = await connect(database.url);
    await client.query('create table stop_test (n int); insert into stop_test values (1)');
    await client.query('begin; insert into stop_test values (2)');
    await database.stop();
    expect((await database.exited).expected).toBe(true);
    database = await startEmbeddedDatabase({ dataDir });
    const again = await connect(database.url);
    expect((await again.query('select n from stop_test')).rows).toEqual([{ n: 1 }]);
    await again.end();
  });

  it('ends with the process that started it, however that one ends, and leaves no lock', async () => {
    const module = join(import.meta.dirname, '../../../local/database/embedded-database.ts');
    const orphanDir = join(folder, 'orphan');
    const script = `const { startEmbeddedDatabase } = await import(${JSON.stringify(module)});
      const { pid } = await startEmbeddedDatabase({ dataDir: ${JSON.stringify(orphanDir)} });
      process.stdout.write(String(pid));
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<number>((resolve) =>
      parent.stdout.once('data', (text: Buffer) => resolve(Number(text.toString()))),
    );
    expect(existsSync(`${orphanDir}.lock`)).toBe(true);
    parent.kill('SIGKILL');
    for (const end = Date.now() + 10_000; isRunning(pid) && Date.now() < end; ) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(isRunning(pid)).toBe(false);
    expect(existsSync(`${orphanDir}.lock`)).toBe(false);
  });

  it('makes a dump from which another one starts', async () => {
    const client = await connect(database.url);
    await client.query('create table dump_test as select 7 as n');
    await client.end();
    const dumpFile = join(folder, 'dump.tar');
    await database.dump(dumpFile);
    const copy = await startEmbeddedDatabase({ dataDir: null, dumpFile });
    const reader = await connect(copy.url);
    expect((await reader.query('select n from dump_test')).rows).toEqual([{ n: 7 }]);
    await reader.end();
    await copy.stop();
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
