import type { MeaningReport } from '../../contract/meaning.ts';
import type {
  DuplicatesAnswer,
  DuplicatesQuery,
  SearchAnswer,
  SearchQuery,
  SimilarAnswer,
  SimilarQuery,
} from '../../contract/search.ts';

/** Finding what is recorded, by words and by meaning. Settled inferences only. */
export type SearchService = {
  /**
   * By `text`: whole words by rank, then parts of words. By `like`: most similar first, one hit a prompt.
   * @throws {AppError} for `like`: embedding_not_configured, embedding_unavailable, invalid_request for a text that the model
   *   refuses
   */
  search(query: SearchQuery): Promise<SearchAnswer>;
  /**
   * Inferences like a given one. Without an embedding model, and for a prompt that it refuses, only repeats.
   * @throws {AppError} not_found; embedding_unavailable when its prompt has to be embedded first
   */
  similar(id: string, query: SimilarQuery): Promise<SimilarAnswer>;
  /** @throws {AppError} embedding_not_configured */
  duplicates(query: DuplicatesQuery): Promise<DuplicatesAnswer>;
  report(): Promise<MeaningReport>;
};
