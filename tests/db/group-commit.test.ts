import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { createGroupCommit } from '../../src/db/group-commit.ts';

/** Flushes that end when the test says so. */
const createHeldFlush = () => {
  const batches: { rows: readonly number[]; end: () => void; fail: (error: Error) => void }[] = [];
  const flush = (rows: readonly number[]) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    batches.push({ rows, end: resolve, fail: reject });
    return promise;
  };
  return { batches, flush };
};

const isRowFault = (error: unknown) => error instanceof Error && error.message === 'bad row';

const refuseRow =
  (bad: number, batches: number[][] = []) =>
  async (rows: readonly number[]) => {
    batches.push([...rows]);
    if (rows.includes(bad)) throw new Error('bad row');
  };

describe('createGroupCommit', () => {
  it('commits the rows of one turn of the event loop together', async () => {
    const { batches, flush } = createHeldFlush();
    const commits = createGroupCommit({ flush, isRowFault, maxRows: 10, maxInFlight: 2 });
    const added = Promise.all([commits.add(1), commits.add(2), commits.add(3)]);
    await nextTurn();
    expect(batches.map(({ rows }) => rows)).toEqual([[1, 2, 3]]);
    batches[0]?.end();
    await added;
  });

  it('resumes a caller only when its own row is committed', async () => {
    const { batches, flush } = createHeldFlush();
    const commits = createGroupCommit({ flush, isRowFault, maxRows: 10, maxInFlight: 2 });
    const done: number[] = [];
    const first = commits.add(1).then(() => done.push(1));
    await nextTurn();
    const second = commits.add(2).then(() => done.push(2));
    await nextTurn();
    batches[1]?.end();
    await second;
    expect(done).toEqual([2]);
    batches[0]?.end();
    await first;
  });

  it('keeps at most two statements in flight and gathers rows meanwhile', async () => {
    const { batches, flush } = createHeldFlush();
    const commits = createGroupCommit({ flush, isRowFault, maxRows: 10, maxInFlight: 2 });
    const added = [];
    for (const row of [1, 2, 3, 4, 5]) {
      added.push(commits.add(row));
      await nextTurn();
    }
    expect(batches.map(({ rows }) => rows)).toEqual([[1], [2]]);
    batches[0]?.end();
    await added[0];
    await nextTurn();
    await nextTurn();
    expect(batches.map(({ rows }) => rows)).toEqual([[1], [2], [3, 4, 5]]);
    batches[1]?.end();
    batches[2]?.end();
    await Promise.all(added);
  });

  it('puts no more than the given number of rows into a statement', async () => {
    const sizes: number[] = [];
    const commits = createGroupCommit<number>({
      flush: async (rows) => void sizes.push(rows.length),
      isRowFault,
      maxRows: 4,
      maxInFlight: 2,
    });
    await Promise.all(Array.from({ length: 10 }, (_, row) => commits.add(row)));
    expect(sizes).toEqual([4, 4, 2]);
  });

  it('gives the error to the faulty row alone and commits all others', async () => {
    const committed: number[][] = [];
    const commits = createGroupCommit({
      flush: refuseRow(5, committed),
      isRowFault,
      maxRows: 100,
      maxInFlight: 2,
    });
    const results = await Promise.allSettled(Array.from({ length: 9 }, (_, row) => commits.add(row)));
    expect(results.map(({ status }) => status === 'rejected')).toEqual(
      Array.from({ length: 9 }, (_, row) => row === 5),
    );
    // Halving needs far fewer statements than one for each row.
    expect(committed.length).toBeLessThanOrEqual(9);
  });

  it('does not try rows one by one when the database is gone', async () => {
    let statements = 0;
    const commits = createGroupCommit<number>({
      flush: async () => {
        statements += 1;
        throw new Error('connection refused');
      },
      isRowFault,
      maxRows: 100,
      maxInFlight: 2,
    });
    const results = await Promise.allSettled([commits.add(1), commits.add(2), commits.add(3)]);
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(statements).toBe(1);
  });

  it('goes on after a failure', async () => {
    const commits = createGroupCommit({ flush: refuseRow(1), isRowFault, maxRows: 10, maxInFlight: 1 });
    await expect(commits.add(1)).rejects.toThrow('bad row');
    await expect(commits.add(2)).resolves.toBeUndefined();
  });

  it('commits what is waiting when it is closed, and takes nothing afterwards', async () => {
    const rows: number[] = [];
    const commits = createGroupCommit<number>({
      flush: async (batch) => void rows.push(...batch),
      isRowFault,
      maxRows: 2,
      maxInFlight: 1,
    });
    const added = [1, 2, 3, 4, 5].map((row) => commits.add(row));
    await commits.close();
    expect(rows).toEqual([1, 2, 3, 4, 5]);
    await Promise.all(added);
    await expect(commits.add(6)).rejects.toMatchObject({ code: 'shutting_down', retryable: true });
  });

  it('runs statements outside the async context of the caller that happened to come first', async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const commits = createGroupCommit<number>({
      flush: async () => void seen.push(context.getStore()),
      isRowFault,
      maxRows: 10,
      maxInFlight: 2,
    });
    await context.run('a transaction', () => commits.add(1));
    expect(seen).toEqual([undefined]);
  });
});
