import type { LazyPool } from '../create-pool.ts';
import { createPriceBook } from '../pricing/price-book.ts';
import { insertPrice, listPrices } from '../pricing/price-list-queries.ts';
import { pricesOf } from '../pricing/price-queries.ts';
import { recostRuns, runsToRecost } from '../pricing/recost-queries.ts';
import { translateErrors } from '../translate-errors.ts';
import { checkRollups } from './check-rollups.ts';
import { pairBatches } from './pair-queries.ts';
import { rebuildHours } from './rebuild-hours.ts';
import { recentRuns } from './recent-queries.ts';
import { gatherMarks, rollUpHours } from './roll-up-hours.ts';
import { countHours } from './rollup-hours.ts';
import { studyFigures } from './study-queries.ts';
import type { StudyRepository } from './study-repository.ts';

type RepositoryOptions = {
  pool: LazyPool;
  /** Where figures are read: a replica, or the same. Whatever has to see its own writes goes to `pool`. */
  readPool: LazyPool;
};

/**
 * The repository of figures. Every method @throws {AppError} database_unavailable (retryable) when the database cannot be
 * reached.
 */
export const createStudyRepository = ({ pool, readPool }: RepositoryOptions): StudyRepository => {
  return translateErrors<StudyRepository>({
    figures: async (request) =>
      (await readPool.connect()).transaction((transaction) => studyFigures(transaction, request)),
    recentRuns: async (filter, limit) => recentRuns(await readPool.connect(), filter, limit),
    pairBatches: async (a, b) =>
      (await readPool.connect()).transaction((transaction) => pairBatches(transaction, a, b)),

    rollUp: async (now, step) => {
      const connection = await pool.connect();
      await connection.transaction(gatherMarks);
      return connection.transaction((transaction) => rollUpHours(transaction, now, step));
    },
    rebuildHours: async (window, step) =>
      (await pool.connect()).transaction((transaction) => rebuildHours(transaction, window, step)),
    countHours: async (window) => countHours(await pool.connect(), window),
    checkRollups: async (window, step) =>
      (await pool.connect()).transaction((transaction) => checkRollups(transaction, window, step)),

    listPrices: async (filter, page) => listPrices(await pool.connect(), filter, page),
    insertPrice: async (price, now) => insertPrice(await pool.connect(), price, now),

    freshPrices: async () => {
      const load = async (provider: string, model: string) => pricesOf(await pool.connect(), provider, model);
      // Its clock stands still, and so it remembers to its end.
      const opened = new Date();
      const { find } = createPriceBook({ load, now: () => opened });
      return translateErrors({ findPrice: find });
    },

    runsToRecost: async (filter, options) => runsToRecost(await pool.connect(), filter, options),
    recostRuns: async (runs) =>
      (await pool.connect()).transaction((transaction) => recostRuns(transaction, runs)),
  });
};
