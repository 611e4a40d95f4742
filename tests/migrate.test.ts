import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const migrate = (words: string[], env: Record<string, string> = {}) => {
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, '../src/migrate.ts'), ...words],
    { env: { PATH: process.env.PATH, ...env }, encoding: 'utf8' },
  );
  return { status, stderr };
};

describe('npm run migrate', () => {
  it.each([
    ['words it does not know', ['now'], {}, 2, /^migrate: Unexpected argument 'now'/],
    ['a missing address', [], {}, 2, /DATABASE_URL: is missing/],
    [
      'a database that is away',
      [],
      { DATABASE_URL: 'postgres://sq:secret@127.0.0.1:1/none' },
      1,
      /^migrate: the database that DATABASE_URL names cannot be reached: (?!.*secret)/,
    ],
  ])('tells %s', (_, words, env, status, message) => {
    const ended = migrate(words, env);
    expect(ended).toEqual({ status, stderr: expect.stringMatching(message) });
  });
});
