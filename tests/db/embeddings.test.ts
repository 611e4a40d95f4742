import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import { createPool, type LazyPool } from '../../src/db/create-pool.ts';
import { createEmbeddingRepository } from '../../src/db/embeddings/create-embedding-repository.ts';
import type { EmbeddingRepository } from '../../src/db/embeddings/embedding-repository.ts';
import type { NearestRequest } from '../../src/db/embeddings/meaning-repository.ts';
import { indexSettings, nearestByIndex } from '../../src/db/embeddings/nearest-queries.ts';
import { insertRuns, settleRuns } from '../../src/db/runs/run-queries.ts';
import { exampleRun, exampleSettlement } from '../support/example-rows.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const Count = z.object({ count: z.number() });
const PlanLine = z.object({ 'QUERY PLAN': z.string() });

describe('what settled runs leave for embeddings', () => {
  let database: TestDatabase;
  let pool: LazyPool;
  let connection: CommonQueryMethods;
  let repository: EmbeddingRepository;
  beforeAll(async () => {
    database = await createTestDatabase();
    pool = createPool({ databaseUrl: database.url, size: 4 });
    connection = await pool.connect();
    repository = createEmbeddingRepository({ pool });
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });
  const count = (table: string) =>
    connection.oneFirst(sql.type(Count)`select count(*) as count from ${sql.identifier([table])}`);

  it('is a mark when they are settled, whoever settles them, and none when they change later', async () => {
    const runs = Array.from({ length: 5 }, () => exampleRun());
    await insertRuns(connection, runs);
    expect(await count('prompt_marks')).toBe(0);
    await settleRuns(
      connection,
      runs.slice(0, 4).map((run) => exampleSettlement(run)),
    );
    expect(await count('prompt_marks')).toBe(4);
    expect(await repository.notePrompts(3)).toBe(3);
    expect(await repository.notePrompts(3)).toBe(1);
    expect([await count('prompts'), await count('prompt_runs')]).toEqual([1, 4]);
    await connection.query(sql.unsafe`update inference_runs set cost_usd = 1`);
    expect(await count('prompt_marks')).toBe(0);
    await connection.query(sql.unsafe`delete from inference_runs where id = ${runs[0]?.id ?? ''}`);
    expect(await count('prompt_runs')).toBe(3);
  });

  it('is noted by one process at a time', async () => {
    const other = createPool({ databaseUrl: database.url });
    if (database.kind === 'postgres') {
      await connection.transaction(async (transaction) => {
        await transaction.query(sql.unsafe`select pg_advisory_xact_lock(7710425)`);
        expect(await createEmbeddingRepository({ pool: other }).notePrompts(10)).toBeNull();
      });
    }
    expect(await createEmbeddingRepository({ pool: other }).notePrompts(10)).toBe(0);
    await other.end();
  });

  it('gets an index a space, which searches use, and dimensions that stay', async () => {
    const model = { provider: 'p', model: 'owner/model', requestedDimensions: null };
    const opened = await Promise.all([1, 2, 3].map(() => repository.openSpace(model, new Date())));
    expect(new Set(opened.map(({ id }) => id)).size).toBe(1);
    const [space] = opened;
    if (space === undefined) throw new TypeError('no space');
    expect(space.dimensions).toBeNull();
    expect(await repository.fixDimensions(space.id, 3)).toBe(3);
    expect(await repository.fixDimensions(space.id, 4)).toBe(3);
    await expect(
      connection.query(sql.unsafe`update embedding_spaces set dimensions = 4 where id = ${space.id}`),
    ).rejects.toThrow();
    // The longest that can be indexed.
    const longest = await repository.openSpace({ ...model, requestedDimensions: 4000 }, new Date());
    expect(longest.dimensions).toBe(4000);

    await connection.query(sql.unsafe`
      insert into prompts (hash) select sha256(convert_to(n::text, 'UTF8')) from generate_series(1, 300) as n`);
    await connection.query(sql.unsafe`
      insert into prompt_embeddings (space_id, prompt_id, embedding, is_truncated)
      select ${space.id}::int4, id, array[id, 1, 0]::real[]::vector, false from prompts`);
    await connection.query(sql.unsafe`analyze`);
    const request: NearestRequest = {
      space: { id: space.id, dimensions: 3 },
      vector: [1, 0, 0],
      filter: {},
      limit: 5,
    };
    const planOf = (asked: NearestRequest) =>
      connection.transaction(async (transaction) => {
        await transaction.query(sql.unsafe`${indexSettings}`);
        const lines = await transaction.anyFirst(sql.type(PlanLine)`explain ${nearestByIndex(asked)}`);
        return lines.join('\n');
      });
    const indexOf = (id: number) => `Index Scan using prompt_embeddings_space_${id}`;
    const filter = { provider: 'echo', from: '2020-01-01T00:00:00Z' };
    expect(await planOf(request)).toContain(indexOf(space.id));
    expect(await planOf({ ...request, filter })).toContain(indexOf(space.id));
    const wide = {
      space: { id: longest.id, dimensions: 4000 },
      vector: Array.from({ length: 4000 }, () => 1),
    };
    expect(await planOf({ ...request, ...wide })).toContain(indexOf(longest.id));
  });

  it('is claimed by one worker each, and given back by whoever still has it', async () => {
    const space = await repository.openSpace(
      { provider: 'p', model: 'm', requestedDimensions: 2 },
      new Date(),
    );
    const claim = (limit: number, at: number) =>
      repository.claimPrompts({
        spaceId: space.id,
        limit,
        now: new Date(at),
        leaseUntil: new Date(at + 1000),
        isJob: false,
      });
    const first = await claim(1, 0);
    expect(first).toMatchObject([{ attempts: 1, text: 'What is the answer?' }]);
    // Of the other prompts no run is left.
    expect(await claim(1000, 10)).toEqual([]);
    expect(await count('embedding_queue')).toBe(1);
    const [again] = await claim(10, 2000);
    expect(again?.attempts).toBe(2);
    // The first worker's time is over: what it says now counts for nothing.
    await repository.returnPrompts(space.id, first, { notBefore: new Date(0), isTried: true });
    expect(await claim(10, 2100)).toEqual([]);
    await repository.returnPrompts(space.id, again ? [again] : [], {
      notBefore: new Date(2100),
      isTried: false,
    });
    expect(await claim(10, 2200)).toMatchObject([{ attempts: 2 }]);
  });
});
