import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { BackendTerminatedError, type CommonQueryMethods } from 'slonik';
import type { InferenceDetail } from '../../src/contract/inference.ts';
import { createPool, type LazyPool } from '../../src/db/create-pool.ts';
import type { RunSettlement } from '../../src/db/runs/inference-repository.ts';
import { settleRuns } from '../../src/db/runs/run-queries.ts';
import { settleRunsSafely } from '../../src/db/runs/settle-runs-safely.ts';
import { exampleRun, exampleSettlement } from '../support/example-rows.ts';
import { type OpenRepository, openRepository } from '../support/open-repository.ts';

describe('a connection lost while settling', () => {
  let open: OpenRepository;
  let pool: LazyPool;
  beforeAll(async () => {
    open = await openRepository();
    pool = createPool({ databaseUrl: open.url });
  });
  afterAll(async () => {
    await pool.end();
    await open.close();
  });

  /** Breaks the first `failures` statements, after they have been committed or before. */
  const createBreakingConnect = (failures: number, committed: boolean) => {
    let left = failures;
    return async (): Promise<CommonQueryMethods> => {
      const connection = await pool.connect();
      const query: CommonQueryMethods['query'] = async (statement) => {
        if (left === 0) return connection.query(statement);
        left -= 1;
        if (committed) await connection.query(statement);
        throw new BackendTerminatedError(new Error('terminated'));
      };
      return { ...connection, query };
    };
  };

  const settleSafely = (connect: () => Promise<CommonQueryMethods>, rows: readonly RunSettlement[]) =>
    settleRunsSafely({
      rows,
      settle: async (settlements) => settleRuns(await connect(), settlements),
      change: (run, change) => change(run),
    });

  it.each([true, false])('is tried once more (committed already: %p)', async (committed) => {
    const run = exampleRun();
    await open.repository.insertRun(run);
    await settleSafely(createBreakingConnect(1, committed), [exampleSettlement(run)]);
    expect(await open.repository.findInference(run.id)).toMatchObject({
      outcome: 'ok',
      attempts: [{ outcome: 'ok' }],
    });
  });

  it('is given up the second time', async () => {
    const run = exampleRun();
    await open.repository.insertRun(run);
    const settling = settleSafely(createBreakingConnect(2, false), [exampleSettlement(run)]);
    await expect(settling).rejects.toThrow('terminated');
    expect(await open.repository.findInference(run.id)).toMatchObject({ status: 'sending' });
  });

  const onServer = process.env.SQ_TEST_DATABASE_URL === undefined ? it.skip : it;
  onServer(
    'costs nothing when the server ends all connections (skipped without SQ_TEST_DATABASE_URL: the embedded database cannot end one)',
    async () => {
      const runs = Array.from({ length: 20 }, () => exampleRun());
      await Promise.all(runs.map((run) => open.repository.insertRun(run)));
      const client = new Client({ connectionString: open.url });
      await client.connect();
      const settling = runs.map((run) => open.repository.settleRun(exampleSettlement(run)));
      await client.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      );
      await Promise.all(settling);
      await client.end();
      // The pool may still hold ended connections: reading is tried again, as a caller would.
      const read = async (id: string, tries = 8): Promise<InferenceDetail | null> => {
        try {
          return await open.repository.findInference(id);
        } catch (error) {
          if (tries <= 1) throw error;
          return read(id, tries - 1);
        }
      };
      const found = await Promise.all(runs.map(({ id }) => read(id)));
      expect(found.every((run) => run?.outcome === 'ok')).toBe(true);
    },
  );
});
