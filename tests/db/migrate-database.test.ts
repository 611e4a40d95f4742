import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { startEmbeddedDatabase } from '../../local/database/embedded-database.ts';
import { createPool } from '../../src/db/create-pool.ts';
import { knownMigrations } from '../../src/db/known-migrations.ts';
import { migrateDatabase } from '../../src/db/migrate-database.ts';
import { createInferenceRepository } from '../../src/db/runs/create-inference-repository.ts';

const source = join(import.meta.dirname, '../../src/db');
const folders = { migrationsDir: join(source, 'migrations'), pricesDir: join(source, 'prices') };
const serverUrl = process.env.SQ_TEST_DATABASE_URL;

const query = async (url: string, text: string) => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
};

/** A database without any table of ours. */
const createEmptyDatabase = async (): Promise<{ url: string; drop(): Promise<void> }> => {
  if (serverUrl === undefined) {
    const embedded = await startEmbeddedDatabase({ dataDir: null });
    return { url: embedded.url, drop: () => embedded.stop() };
  }
  const name = `sq_empty_${randomUUID().replaceAll('-', '')}`;
  await query(serverUrl, `create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => void (await query(serverUrl, `drop database ${name} with (force)`)),
  };
};

describe('migrateDatabase', () => {
  let database: { url: string; drop(): Promise<void> };
  beforeAll(async () => {
    database = await createEmptyDatabase();
  });
  afterAll(() => database.drop());

  const isApplied = async () => {
    const repository = createInferenceRepository({ pool: createPool({ databaseUrl: database.url }) });
    try {
      return await repository.migrationsApplied();
    } finally {
      await repository.close();
    }
  };

  it('brings an empty database up to date, with a line for each migration', async () => {
    expect(await isApplied()).toBe(false);
    const lines: string[] = [];
    const applied = await migrateDatabase({
      databaseUrl: database.url,
      ...folders,
      log: (line) => lines.push(line),
    });
    expect(applied).toEqual([...knownMigrations]);
    expect(lines.slice(0, -1)).toEqual(knownMigrations.map((name) => `migration ${name} applied`));
    expect(lines.at(-1)).toMatch(
      /^database is up to date \(\d+ migrations applied, [1-9]\d* prices added\)$/,
    );
    expect(await isApplied()).toBe(true);
  });

  it('does nothing the second time, and leaves prices that were there as they were', async () => {
    await query(database.url, `update prices set input_per_million = 77 where provider = 'echo'`);
    const lines: string[] = [];
    expect(
      await migrateDatabase({ databaseUrl: database.url, ...folders, log: (line) => lines.push(line) }),
    ).toEqual([]);
    expect(lines).toEqual(['database is up to date (0 migrations applied, 0 prices added)']);
    expect(
      await query(
        database.url,
        `select distinct input_per_million::text as price from prices where provider = 'echo'`,
      ),
    ).toEqual([{ price: '77' }]);
  });

  it('keeps nothing of a batch in which a file fails', async () => {
    const other = await createEmptyDatabase();
    const folder = await mkdtemp(join(tmpdir(), 'sq-migrations-'));
    try {
      await writeFile(join(folder, '0001_good.sql'), '-- Up Migration\ncreate table good (id integer);\n');
      await writeFile(join(folder, '0002_bad.sql'), '-- Up Migration\ncreate table bad (id nonsense);\n');
      await expect(migrateDatabase({ databaseUrl: other.url, migrationsDir: folder })).rejects.toThrow(
        'nonsense',
      );
      expect(await query(other.url, `select to_regclass('good') as found`)).toEqual([{ found: null }]);
    } finally {
      await rm(folder, { recursive: true });
      await other.drop();
    }
  });

  it('says that the database cannot be reached', async () => {
    await expect(
      migrateDatabase({ databaseUrl: 'postgres://nobody:secret@127.0.0.1:1/none', ...folders }),
    ).rejects.toThrow('ECONNREFUSED');
  });

  const onServer = serverUrl === undefined ? it.skip : it;
  onServer(
    'is safe when ten start at once (skipped without SQ_TEST_DATABASE_URL: the embedded database has one session, which its advisory lock cannot exclude)',
    async () => {
      const other = await createEmptyDatabase();
      try {
        const applied = await Promise.all(
          Array.from({ length: 10 }, () => migrateDatabase({ databaseUrl: other.url, ...folders })),
        );
        expect(applied.filter((names) => names.length > 0)).toEqual([[...knownMigrations]]);
        const rows = await query(other.url, 'select name from pgmigrations order by id');
        expect(rows.map(({ name }) => name)).toEqual([...knownMigrations]);
        expect(
          await query(
            other.url,
            'select count(*)::int as n from (select distinct provider, model from prices) as p',
          ),
        ).toEqual(await query(other.url, 'select count(*)::int as n from prices'));
      } finally {
        await other.drop();
      }
    },
  );
});
