import { AppError } from '../../errors.ts';
import type { Logger } from '../../telemetry/logger.ts';

const firstWaitMs = 100;
const longestWaitMs = 2000;

export type Persist = <Result>(until: number, work: () => Promise<Result>) => Promise<Result>;

/**
 * Writes what a paid call brought, through a short absence of the database: tries again while it is unavailable, up to
 * the time `until` (epoch ms; a run's lease). After that the row stays `sending`, and the sweep tells.
 *
 * @throws {AppError} database_unavailable; any other error at once, since trying again would not mend it.
 */
export const createPersist =
  (clock: { now: () => number; sleep: (ms: number) => Promise<void>; logger: Logger }): Persist =>
  async (until, work) => {
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(longestWaitMs, waitMs * 2)) {
      try {
        return await work();
      } catch (error) {
        const isAway = error instanceof AppError && error.code === 'database_unavailable';
        if (!isAway || clock.now() + waitMs >= until) throw error;
        clock.logger.warn('database away, writing again', { waitMs, error });
        await clock.sleep(waitMs);
      }
    }
  };
