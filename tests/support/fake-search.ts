import type { MeaningState } from '../../src/contract/meaning.ts';
import { AppError } from '../../src/errors.ts';
import type { SearchService } from '../../src/services/search/search-service.ts';

const meaning: MeaningState = {
  status: 'not_configured',
  provider: null,
  model: null,
  dimensions: null,
  embedded: null,
  pending: null,
  refused: null,
};

/** A search that finds nothing, without an embedding model. */
export const fakeSearch = (knownId: string): SearchService => ({
  search: async () => ({ data: [], meaning }),
  similar: async (id) => {
    if (id !== knownId) throw new AppError('not_found', `There is no inference ${id}.`);
    return { data: [], refusal: null, meaning };
  },
  duplicates: async () => ({ data: [], omittedGroupCount: 0, examinedCount: 0, isComplete: true, meaning }),
  report: async () => ({
    meaning,
    calls: {
      count: 0,
      failedCount: 0,
      unknownCount: 0,
      inputCount: 0,
      inputTokens: null,
      costUsd: null,
      unknownCostCount: 0,
    },
    refusals: [],
    lastFailure: null,
    blockedUntil: null,
  }),
});
