import { AsyncLocalStorage } from 'node:async_hooks';
import { AppError } from '../errors.ts';

type GroupCommitOptions<Row> = {
  /** Commits all rows in one statement, or none. */
  flush: (rows: readonly Row[]) => Promise<void>;
  /** Whether a failure may lie in one of the rows, so that the others deserve another try without it. */
  isRowFault: (error: unknown) => boolean;
  /** Most rows in a statement. */
  maxRows: number;
  /** Most statements under way at once. */
  maxInFlight: number;
};

/** Collects the rows of concurrent callers and commits them together. */
export type GroupCommit<Row> = {
  /** Resolves when the row is committed. @throws what `flush` threw for this row */
  add(row: Row): Promise<void>;
  /** Commits what is waiting; adding afterwards is refused (`shutting_down`). */
  close(): Promise<void>;
};

type Waiting<Row> = { row: Row; resolve: () => void; reject: (error: unknown) => void };

/**
 * One statement for all rows that arrived in a turn of the event loop. While `maxInFlight` statements are under way rows
 * pile up for the next one, so the batches grow with the load by themselves.
 */
export const createGroupCommit = <Row>(options: GroupCommitOptions<Row>): GroupCommit<Row> => {
  // Rows of many callers share a statement, so it must not run in the async context (transaction, trace) of one of them.
  const runDetached = AsyncLocalStorage.snapshot();
  const waiting: Waiting<Row>[] = [];
  const underWay = new Set<Promise<void>>();
  let scheduled = false;
  let closed = false;

  /** Halves a failing batch until the faulty row stands alone: log n extra statements instead of n. */
  const commit = async (batch: readonly Waiting<Row>[]): Promise<void> => {
    try {
      await options.flush(batch.map(({ row }) => row));
    } catch (error) {
      if (batch.length === 1 || !options.isRowFault(error)) {
        for (const { reject } of batch) reject(error);
        return;
      }
      const middle = Math.ceil(batch.length / 2);
      await commit(batch.slice(0, middle));
      await commit(batch.slice(middle));
      return;
    }
    for (const { resolve } of batch) resolve();
  };

  const start = (): void => {
    scheduled = false;
    while (waiting.length > 0 && underWay.size < options.maxInFlight) {
      const work = commit(waiting.splice(0, options.maxRows)).then(() => {
        underWay.delete(work);
        schedule();
      });
      underWay.add(work);
    }
  };

  const schedule = (): void => {
    if (scheduled || waiting.length === 0 || underWay.size >= options.maxInFlight) return;
    scheduled = true;
    setImmediate(() => runDetached(start));
  };

  return {
    add: (row) =>
      new Promise((resolve, reject) => {
        if (closed) {
          reject(new AppError('shutting_down', 'The instance is stopping.', { retryable: true }));
          return;
        }
        waiting.push({ row, resolve, reject });
        schedule();
      }),
    close: async () => {
      closed = true;
      while (waiting.length > 0 || underWay.size > 0) {
        runDetached(start);
        await Promise.all(underWay);
      }
    },
  };
};
