import { createHash, randomUUID } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { DataFolderInUseError, lockDataFolder } from '../../local/database/data-folder-lock.ts';
import { startEmbeddedDatabase } from '../../local/database/embedded-database.ts';
import { migrateDatabase } from '../../src/db/migrate-database.ts';

export type TestDatabase = { url: string; kind: 'pglite' | 'postgres'; drop(): Promise<void> };

const root = join(import.meta.dirname, '../..');
const migrationsDir = join(root, 'src/db/migrations');
const pricesDir = join(root, 'src/db/prices');
const cacheDir = join(root, 'node_modules/.cache/study-query-llm');
/** Any constant: whoever makes the template holds this advisory lock. */
const templateLock = 7_710_423;

/**
 * A migrated database of its own for one test file. On PGlite (the default) a process that starts from a dump, migrated once; with
 * `SQ_TEST_DATABASE_URL` (a superuser of a real server) a clone of a template database, made once. Call `drop` in `afterAll`.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const serverUrl = process.env.SQ_TEST_DATABASE_URL;
  return serverUrl ? clonePostgres(serverUrl) : startFromDump();
}

let dumpReady: Promise<void> | undefined;

async function startFromDump(): Promise<TestDatabase> {
  const dumpFile = join(cacheDir, `test-database-${schemaHash()}.tar`);
  dumpReady ??= ensureDump(dumpFile);
  await dumpReady;
  const database = await startEmbeddedDatabase({ dataDir: null, dumpFile });
  return { url: database.url, kind: 'pglite', drop: () => database.stop() };
}

/** Jest workers start together: one makes the dump, the others wait for it. */
async function ensureDump(dumpFile: string): Promise<void> {
  mkdirSync(cacheDir, { recursive: true });
  while (!existsSync(dumpFile)) {
    try {
      const lock = lockDataFolder(dumpFile);
      await makeDump(dumpFile).finally(() => lock.release());
    } catch (error) {
      if (!(error instanceof DataFolderInUseError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function makeDump(dumpFile: string): Promise<void> {
  const outdated = globSync('test-database-*.tar', { cwd: cacheDir }).filter(
    (name) => !dumpFile.endsWith(name),
  );
  const draft = `${dumpFile}.${randomUUID()}`;
  const database = await startEmbeddedDatabase({ dataDir: null });
  try {
    await migrateDatabase({ databaseUrl: database.url, migrationsDir, pricesDir });
    await database.dump(draft);
    renameSync(draft, dumpFile);
    for (const name of outdated) rmSync(join(cacheDir, name), { force: true });
  } finally {
    rmSync(draft, { force: true });
    await database.stop();
  }
}

async function clonePostgres(serverUrl: string): Promise<TestDatabase> {
  const template = `sq_template_${schemaHash()}`;
  const name = `sq_test_${randomUUID().replaceAll('-', '')}`;
  await withClient(serverUrl, async (client) => {
    await client.query('select pg_advisory_lock($1)', [templateLock]);
    // Marked as a template once it is complete: one that a crash left half made is made again.
    const { rows } = await client.query('select datistemplate from pg_database where datname = $1', [
      template,
    ]);
    if (rows[0]?.datistemplate !== true) {
      await client.query(`drop database if exists ${template} with (force)`);
      await client.query(`create database ${template}`);
      await migrateDatabase({ databaseUrl: withDatabase(serverUrl, template), migrationsDir, pricesDir });
      await client.query(`alter database ${template} is_template true`);
    }
    await client.query(`create database ${name} template ${template}`);
  });
  return {
    url: withDatabase(serverUrl, name),
    kind: 'postgres',
    drop: () =>
      withClient(
        serverUrl,
        async (client) => void (await client.query(`drop database if exists ${name} with (force)`)),
      ),
  };
}

async function withClient(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

function withDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.toString();
}

/** Changes with everything that a migrated database is made from. */
function schemaHash(): string {
  const hash = createHash('sha256');
  const sources = [
    ...globSync('src/db/migrations/*', { cwd: root }),
    ...globSync('src/db/prices/*', { cwd: root }),
    ...globSync('src/db/*migrat*.ts', { cwd: root }),
    ...globSync('src/db/*price*.ts', { cwd: root }),
    'node_modules/@electric-sql/pglite/package.json',
    'local/database/database-process.ts',
  ].sort();
  for (const file of sources) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex').slice(0, 16);
}
