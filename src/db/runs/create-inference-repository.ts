import type { LazyPool } from '../create-pool.ts';
import { createGroupCommit } from '../group-commit.ts';
import { isUnavailable } from '../is-unavailable.ts';
import { translateErrors } from '../translate-errors.ts';
import { createDirectRepository } from './create-direct-repository.ts';
import type { InferenceRepository, NewRun, RunSettlement } from './inference-repository.ts';
import { insertRuns, settleRuns } from './run-queries.ts';
import { settleRunsSafely } from './settle-runs-safely.ts';

type RepositoryOptions = { pool: LazyPool; now?: () => Date };

/** More rows would make all callers in a statement feel how long it takes. */
const maxRowsPerStatement = 200;
const maxStatementsInFlight = 2;
const pingTimeoutMs = 3_000;

/**
 * The repository over a pool, with group commit for `insertRun` and `settleRun`.
 * Every method @throws {AppError} database_unavailable (retryable) when the database cannot be reached.
 */
export const createInferenceRepository = ({
  pool,
  now = () => new Date(),
}: RepositoryOptions): InferenceRepository => {
  const direct = createDirectRepository(() => pool.connect(), now);
  const group = {
    isRowFault: (error: unknown) => !isUnavailable(error),
    maxRows: maxRowsPerStatement,
    maxInFlight: maxStatementsInFlight,
  };
  const inserts = createGroupCommit<NewRun>({
    ...group,
    flush: async (runs) => insertRuns(await pool.connect(), runs),
  });
  const settlements = createGroupCommit<RunSettlement>({
    ...group,
    flush: (rows) =>
      settleRunsSafely({
        rows,
        settle: async (settlements) => settleRuns(await pool.connect(), settlements),
        change: (run, change) => change(run),
      }),
  });

  return translateErrors<InferenceRepository>({
    ...direct,
    insertRun: (run) => inserts.add(run),
    settleRun: (settlement) => settlements.add(settlement),
    ping: () => withTimeout(direct.ping(), pingTimeoutMs),
    close: async () => {
      await Promise.all([inserts.close(), settlements.close()]);
      await pool.end();
    },
  });
};

/** A database that hangs looks like one that is slow: whoever asks whether it is there wants to know soon. */
const withTimeout = async (work: Promise<void>, timeoutMs: number): Promise<void> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('timeout expired')), timeoutMs);
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
};
