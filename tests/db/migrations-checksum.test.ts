import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { knownMigrations } from '../../src/db/known-migrations.ts';

const database = join(import.meta.dirname, '../../src/db');

const checksums = async (folder: string, extension: string) => {
  const names = (await readdir(join(database, folder))).filter((name) => name.endsWith(extension)).sort();
  return Object.fromEntries(
    await Promise.all(
      names.map(async (name) => {
        const content = await readFile(join(database, folder, name));
        return [`${folder}/${name}`, createHash('sha256').update(content).digest('hex')] as const;
      }),
    ),
  );
};

describe('landed migrations and price files', () => {
  // A file that has run somewhere is never edited: a change is a new file. A new file brings its line in checksums.json.
  it('are those of checksums.json, unchanged', async () => {
    const landed = JSON.parse(await readFile(join(database, 'migrations/checksums.json'), 'utf8'));
    const found = { ...(await checksums('migrations', '.sql')), ...(await checksums('prices', '.json')) };
    expect(found).toEqual(landed);
  });

  it('are the migrations that the app waits for', async () => {
    const names = Object.keys(await checksums('migrations', '.sql'));
    expect(names.map((name) => name.replace('migrations/', '').replace('.sql', ''))).toEqual([
      ...knownMigrations,
    ]);
  });

  it('have a number and words, and say why on top', async () => {
    for (const name of knownMigrations) {
      expect(name).toMatch(/^\d{4}_[a-z0-9_]+$/);
      const text = await readFile(join(database, `migrations/${name}.sql`), 'utf8');
      expect(text).toMatch(/^-- \S[^\n]{40,}\n[\s\S]*\n-- Up Migration\n/);
    }
  });
});
