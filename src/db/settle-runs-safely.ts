import type { CommonQueryMethods } from 'slonik';
import type { RunSettlement } from './inference-repository.ts';
import { isUnavailable } from './is-unavailable.ts';
import { settleRuns } from './run-queries.ts';

/**
 * Settles, and tries a second time where that may help: an answer that was paid for should not be lost to a dropped connection
 * or to a raw body that jsonb refuses. Settling twice is harmless, so an unclear first end may be repeated.
 */
export const settleRunsSafely = async (
  connect: () => Promise<CommonQueryMethods>,
  settlements: readonly RunSettlement[],
): Promise<void> => {
  try {
    await settleRuns(await connect(), settlements);
  } catch (error) {
    if (isUnavailable(error)) {
      await settleRuns(await connect(), settlements);
      return;
    }
    const [only] = settlements;
    if (settlements.length > 1 || only === undefined) throw error;
    await settleRuns(await connect(), [withoutRaw(only, error)]);
  }
};

const withoutRaw = (settlement: RunSettlement, error: unknown): RunSettlement => ({
  ...settlement,
  lastAttempt: {
    ...settlement.lastAttempt,
    raw: { unstorable: error instanceof Error ? error.message : String(error) },
  },
});
