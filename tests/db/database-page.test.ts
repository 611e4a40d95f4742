import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const names = (text: string) => [...text.matchAll(/`([a-z0-9_]+)`/g)].map(([, name]) => name ?? '');
/** What a Markdown table has in the first cell of its rows. */
const firstCells = (section: string) =>
  section.split('\n').flatMap((line) => (line.startsWith('| `') ? names(line.split('|')[1] ?? '') : []));

describe('docs/database.md', () => {
  let database: TestDatabase;
  let client: Client;
  let page: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    client = new Client({ connectionString: database.url });
    await client.connect();
    page = await readFile(join(import.meta.dirname, '../../docs/database.md'), 'utf8');
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  it('names every table and column of the database, and no other', async () => {
    const { rows } = await client.query<{ table_name: string; column_name: string }>(`
      select table_name, column_name from information_schema.columns
      where table_schema = 'public' and table_name <> 'pgmigrations'`);
    const found = rows.map((row) => `${row.table_name}.${row.column_name}`).sort();
    const documented = page
      .split(/^### /m)
      .slice(1)
      .flatMap((section) => {
        const [table = ''] = names(section.split('\n')[0] ?? '');
        return firstCells(section.split(/^## /m)[0] ?? '').map((column) => `${table}.${column}`);
      })
      .sort();
    expect(documented).toEqual(found);
  });

  it('names every index that a migration made by name, and no other', async () => {
    const { rows } = await client.query<{ name: string }>(`
      select i.relname as name
      from pg_index as x
      join pg_class as i on i.oid = x.indexrelid
      where i.relnamespace = 'public'::regnamespace and not x.indisunique`);
    const documented = firstCells(page.split(/^## Indexes$/m)[1] ?? '');
    expect(documented.sort()).toEqual(rows.map(({ name }) => name).sort());
  });
});
