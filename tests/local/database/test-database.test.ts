import { describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { createTestDatabase } from '../../support/test-database.ts';

describe('createTestDatabase', () => {
  it('gives migrated databases that know nothing of each other', async () => {
    const [first, second] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    try {
      const [one, other] = [new Client(first.url), new Client(second.url)];
      await Promise.all([one.connect(), other.connect()]);
      await one.query('create table only_here (n int)');
      const { rows } = await other.query(
        `select to_regclass('only_here') as stranger, to_regclass('inference_runs') is not null as migrated`,
      );
      expect(rows).toEqual([{ stranger: null, migrated: true }]);
      await Promise.all([one.end(), other.end()]);
    } finally {
      await Promise.all([first.drop(), second.drop()]);
    }
  });
});
