import type { MeaningState } from '../../contract/meaning.ts';
import type { EmbeddingModel, EmbeddingSpace } from '../../db/embeddings/embedding-repository.ts';
import type { MeaningCounts, MeaningRepository } from '../../db/embeddings/meaning-repository.ts';

/** Counting a million prompts takes a tenth of a second; every search tells. */
const countedMs = 10_000;

const notConfigured: MeaningState = {
  status: 'not_configured',
  provider: null,
  model: null,
  dimensions: null,
  embedded: null,
  pending: null,
  refused: null,
};

/** What search by meaning knows, by a count that is some seconds old at most. */
export const createMeaningState = (dependencies: {
  repository: Pick<MeaningRepository, 'countPrompts'>;
  model: EmbeddingModel | null;
  now: () => number;
}): ((space: EmbeddingSpace | null) => Promise<MeaningState>) => {
  const { repository, model, now } = dependencies;
  let counted: { at: number; counts: Promise<MeaningCounts> } | null = null;

  const countPrompts = (spaceId: number | null): Promise<MeaningCounts> => {
    if (counted !== null && now() - counted.at < countedMs) return counted.counts;
    const counts = repository.countPrompts(spaceId);
    const mine = { at: now(), counts };
    counted = mine;
    counts.catch(() => {
      if (counted === mine) counted = null;
    });
    return counts;
  };

  return async (space) => {
    if (model === null) return notConfigured;
    const counts = await countPrompts(space?.id ?? null);
    const { provider, model: name, requestedDimensions } = model;
    return {
      status: counts.pending === 0 ? 'ready' : 'indexing',
      provider,
      model: name,
      dimensions: space?.dimensions ?? requestedDimensions,
      ...counts,
    };
  };
};
