import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { repositoryRoot } from '../support/import-graph.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const app = 'id-app-test';

describe('infra/app-role.sql', () => {
  let database: TestDatabase;
  let client: Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    client = new Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query('select current_user as owner');
    const script = readFileSync(path.join(repositoryRoot, 'infra/app-role.sql'), 'utf8')
      .replaceAll(':"app"', `"${app}"`)
      .replaceAll(':"owner"', `"${rows[0].owner}"`);
    await client.query(`drop role if exists "${app}"`);
    await client.query(`create role "${app}"`);
    await client.query(script);
    await client.query(script);
  });
  afterAll(async () => {
    await client?.query(`reset role; drop owned by "${app}"; drop role "${app}"`);
    await client?.end();
    await database?.drop();
  });

  const asApp = async (statement: string) => {
    await client.query(`set role "${app}"`);
    try {
      return await client.query(statement);
    } finally {
      await client.query('reset role');
    }
  };

  it('lets the app read and change every table of the product', async () => {
    const { rows } = await client.query(
      "select tablename from pg_tables where schemaname = 'public' and tablename <> 'pgmigrations'",
    );
    expect(rows.length).toBeGreaterThan(10);
    for (const { tablename } of rows) {
      await asApp(`select * from "${tablename}" limit 0`);
      await asApp(`delete from "${tablename}" where false`);
    }
  });

  it('covers tables of later migrations', async () => {
    await client.query('create table later (id bigint generated always as identity, text text)');
    await asApp("insert into later (text) values ('a')");
    expect((await asApp('select text from later')).rows).toEqual([{ text: 'a' }]);
  });

  it('does not let the app change the schema, or say which migrations have run', async () => {
    await expect(asApp('drop table inference_runs')).rejects.toThrow(/must be owner/);
    await expect(asApp('create table mine (id int)')).rejects.toThrow(/permission denied/);
    await expect(asApp('delete from pgmigrations')).rejects.toThrow(/permission denied/);
  });

  it('lets the app open embedding spaces, whose index the owner builds, and nothing else of that', async () => {
    await asApp(
      "insert into embedding_spaces (provider, model, requested_dimensions, dimensions, created_at) values ('p', 'm', 8, 8, now())",
    );
    const { rows } = await client.query(
      "select pg_get_indexdef(indexrelid) as definition, pg_get_userbyid(relowner) as owner from pg_index join pg_class on pg_class.oid = indexrelid where relname like 'prompt_embeddings_space_%'",
    );
    expect(rows).toHaveLength(1);
    expect(rows[0].definition).toMatch(/USING hnsw .*vector\(8\).* WHERE \(space_id = \d+\)$/);
    expect(rows[0].owner).not.toBe(app);
    // Its rights are for that table alone.
    await client.query(`create schema own authorization "${app}"`);
    await asApp('create table own.spaces (id text, dimensions text)');
    const trigger = 'after insert on own.spaces for each row execute function build_embedding_index()';
    await expect(asApp(`create trigger t ${trigger}`)).rejects.toThrow(/permission denied/);
    await client.query(`create trigger t ${trigger}`);
    await expect(asApp("insert into own.spaces values ('1', '8')")).rejects.toThrow(/set once/);
  });

  it('bounds its statements', async () => {
    const { rows } = await client.query('select rolconfig from pg_roles where rolname = $1', [app]);
    expect(rows[0].rolconfig).toEqual(['statement_timeout=30s', 'idle_in_transaction_session_timeout=30s']);
  });
});
