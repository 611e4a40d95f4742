import type { LazyPool } from '../create-pool.ts';
import { translateErrors } from '../translate-errors.ts';
import * as calls from './call-queries.ts';
import * as claims from './claim-queries.ts';
import type { EmbeddingRepository } from './embedding-repository.ts';
import { notePrompts } from './note-queries.ts';
import * as spaces from './space-queries.ts';

/**
 * The repository of embeddings over a pool.
 * Every method @throws {AppError} database_unavailable (retryable) when the database cannot be reached.
 */
export const createEmbeddingRepository = ({ pool }: { pool: LazyPool }): EmbeddingRepository =>
  translateErrors<EmbeddingRepository>({
    notePrompts: async (mostRuns) =>
      (await pool.connect()).transaction((transaction) => notePrompts(transaction, mostRuns)),
    openSpace: async (model, now) => spaces.openSpace(await pool.connect(), model, now),
    fixDimensions: async (spaceId, dimensions) =>
      spaces.fixDimensions(await pool.connect(), spaceId, dimensions),
    hasEmbeddings: async (spaceId) => spaces.hasEmbeddings(await pool.connect(), spaceId),
    claimPrompts: async (claim) =>
      (await pool.connect()).transaction((transaction) => claims.claimPrompts(transaction, claim)),
    returnPrompts: async (spaceId, prompts, options) =>
      claims.returnPrompts(await pool.connect(), spaceId, prompts, options),
    refusePrompt: async (spaceId, promptId, refusal) =>
      claims.refusePrompt(await pool.connect(), spaceId, promptId, refusal),
    beginCall: async (call) => calls.beginCall(await pool.connect(), call),
    settleCall: async (settlement) => calls.settleCall(await pool.connect(), settlement),
    storeEmbeddings: async (spaceId, settlement, embeddings) =>
      (await pool.connect()).transaction((transaction) =>
        calls.storeEmbeddings(transaction, spaceId, settlement, embeddings),
      ),
    sweepCalls: async (now) => calls.sweepCalls(await pool.connect(), now),
    blockSpace: async (spaceId, block) => spaces.blockSpace(await pool.connect(), spaceId, block),
    raiseGeneration: async (spaceId, from) => spaces.raiseGeneration(await pool.connect(), spaceId, from),
  });
