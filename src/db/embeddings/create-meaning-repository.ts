import type { LazyPool } from '../create-pool.ts';
import { translateErrors } from '../translate-errors.ts';
import { comparePrompts } from './compare-prompts.ts';
import { countPrompts, reportMeaning } from './meaning-counts.ts';
import type { MeaningRepository } from './meaning-repository.ts';
import { findNearest, findRepeats } from './nearest-queries.ts';
import { findSpace } from './space-queries.ts';
import { findSubject, promptBeginnings } from './subject-queries.ts';

type RepositoryOptions = {
  pool: LazyPool;
  /** Where is searched: a replica, or the same. What somebody has just seen is looked up in `pool`. */
  readPool: LazyPool;
  /** Up to so many vectors are compared one by one; left out: as many as that is quick for. */
  mostCompared?: number;
};

/**
 * Search by meaning.
 * Every method @throws {AppError} database_unavailable (retryable) when the database cannot be reached.
 */
export const createMeaningRepository = ({
  pool,
  readPool,
  mostCompared,
}: RepositoryOptions): MeaningRepository =>
  translateErrors<MeaningRepository>({
    findSpace: async (model) => findSpace(await readPool.connect(), model),
    countPrompts: async (spaceId) => countPrompts(await readPool.connect(), spaceId),
    report: async (spaceId) => reportMeaning(await readPool.connect(), spaceId),
    findNearest: async (request) => findNearest(await readPool.connect(), request, mostCompared),
    findSubject: async (inferenceId, spaceId) => findSubject(await pool.connect(), inferenceId, spaceId),
    findRepeats: async (promptId, exceptInferenceId, filter) =>
      findRepeats(await pool.connect(), promptId, exceptInferenceId, filter),
    comparePrompts: async (space, filter, threshold) =>
      (await readPool.connect()).transaction((transaction) =>
        comparePrompts(transaction, space, filter, threshold),
      ),
    promptBeginnings: async (inferenceIds) => promptBeginnings(await readPool.connect(), inferenceIds),
  });
