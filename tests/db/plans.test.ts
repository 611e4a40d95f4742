import { randomUUIDv7 } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CommonQueryMethods, type QuerySqlToken, sql } from 'slonik';
import { z } from 'zod';
import type { InferenceFilter } from '../../src/contract/inference.ts';
import { createPool, type LazyPool } from '../../src/db/create-pool.ts';
import { allOf, filterConditions } from '../../src/db/filter-conditions.ts';
import { continueRun } from '../../src/db/runs/attempt-queries.ts';
import { insertRuns, settleRuns } from '../../src/db/runs/run-queries.ts';
import { exampleAttemptSettlement, exampleRun, exampleSettlement } from '../support/example-rows.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const PlanLine = z.object({ 'QUERY PLAN': z.string() });

let database: TestDatabase;
let pool: LazyPool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({ databaseUrl: database.url });
  const runs = Array.from({ length: 500 }, () => exampleRun());
  const connection = await pool.connect();
  await insertRuns(connection, runs);
  await settleRuns(
    connection,
    runs.map((run) => exampleSettlement(run)),
  );
  await connection.query(sql.unsafe`analyze inference_runs`);
  await connection.query(sql.unsafe`analyze inference_attempts`);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

describe('plans of filters', () => {
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

describe('plans of settlements', () => {
  /** Runs what is given on a connection that explains each statement instead. */
  const explain = async (work: (connection: CommonQueryMethods) => Promise<void>): Promise<string> => {
    const connection = await pool.connect();
    const lines: string[] = [];
    const explaining = {
      ...connection,
      query: async (query: QuerySqlToken) => {
        const rows = await connection.any({ ...query, sql: `explain ${query.sql}` });
        lines.push(...rows.map((row) => PlanLine.parse(row)['QUERY PLAN']));
        return { rows: [], rowCount: 0 };
      },
    };
    await work(explaining as unknown as CommonQueryMethods);
    return lines.join('\n');
  };

  // The index of runs being sent keeps a dead entry of each run until the next vacuum: reading it made settling slower with each run.
  it('find their run by its primary key, not by the index of the sweep', async () => {
    const run = exampleRun();
    const next = { id: randomUUIDv7(), runId: run.id, attemptNumber: 2, startedAt: new Date() };
    const plans = [
      await explain((connection) => settleRuns(connection, [exampleSettlement(run)])),
      await explain((connection) => continueRun(connection, exampleAttemptSettlement(run.attemptId), next)),
    ];
    for (const plan of plans) {
      expect(plan).toContain('inference_runs_pkey');
      expect(plan).toContain('inference_attempts_pkey');
      expect(plan).not.toContain('inference_runs_lease');
    }
  });
});
