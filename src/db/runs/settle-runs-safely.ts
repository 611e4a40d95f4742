import { isUnavailable } from '../is-unavailable.ts';
import type { RunSettlement } from './inference-repository.ts';

type SafeSettlement<Row> = {
  rows: readonly Row[];
  /** Settles all rows or none. */
  settle: (rows: readonly Row[]) => Promise<void>;
  /** The row with its run's settlement changed. */
  change: (row: Row, change: (run: RunSettlement) => RunSettlement) => Row;
};

/**
 * Settles, and tries a second time where that may help: an answer that was paid for should not be lost to a dropped connection
 * or to a raw body that jsonb refuses. Settling twice is harmless, so an unclear first end may be repeated.
 */
export const settleRunsSafely = async <Row>({ rows, settle, change }: SafeSettlement<Row>): Promise<void> => {
  try {
    await settle(rows);
  } catch (error) {
    if (isUnavailable(error)) {
      await settle(rows);
      return;
    }
    const [only] = rows;
    if (rows.length > 1 || only === undefined) throw error;
    await settle([change(only, (run) => withoutRaw(run, error))]);
  }
};

const withoutRaw = (settlement: RunSettlement, error: unknown): RunSettlement => ({
  ...settlement,
  lastAttempt: {
    ...settlement.lastAttempt,
    raw: { unstorable: error instanceof Error ? error.message : String(error) },
  },
});
