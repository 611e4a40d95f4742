import { randomUUIDv7 } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'slonik';
import { z } from 'zod';
import type { InferenceFilter } from '../../src/contract/inference.ts';
import { createPool, type LazyPool } from '../../src/db/create-pool.ts';
import { allOf, filterConditions } from '../../src/db/filter-conditions.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const PlanLine = z.object({ 'QUERY PLAN': z.string() });

describe('plans of filters', () => {
  let database: TestDatabase;
  let pool: LazyPool;
  beforeAll(async () => {
    database = await createTestDatabase();
    pool = createPool({ databaseUrl: database.url });
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  // On a table this small the planner would read everything; without that choice it shows which indexes it is able to use.
  const planOf = async (filter: InferenceFilter): Promise<string> =>
    (await pool.connect()).transaction(async (transaction) => {
      await transaction.query(sql.unsafe`set local enable_seqscan = off`);
      await transaction.query(sql.unsafe`set local enable_indexscan = off`);
      const lines = await transaction.anyFirst(sql.type(PlanLine)`
        explain select r.id from inference_runs as r where ${allOf(filterConditions(filter))}`);
      return lines.join('\n');
    });

  it.each<[InferenceFilter, string[]]>([
    [{ provider: 'echo' }, ['inference_runs_provider_model']],
    [{ model: 'm' }, ['inference_runs_model']],
    [{ outcome: 'ok' }, ['inference_runs_outcome']],
    [{ batchId: randomUUIDv7() }, ['inference_runs_batch']],
    [{ metadata: 'study:12' }, ['inference_runs_metadata']],
    [{ text: 'lisbon' }, ['inference_runs_search', 'inference_runs_prompt_trigrams']],
  ])('%j can use %j', async (filter, indexes) => {
    const plan = await planOf(filter);
    for (const index of indexes) expect(plan).toContain(index);
  });
});
