import type { EmbeddingSpace } from '../../db/embeddings/embedding-repository.ts';
import { AppError, type ProviderError } from '../../errors.ts';
import type { Embedding } from '../embeddings/create-embeddings.ts';
import { fitText } from '../embeddings/fit-prompts.ts';

/** A person waits for it. */
const timeoutMs = 10_000;
const longestTurnMs = 2000;
/** Texts whose vectors are remembered: somebody pages, or changes a filter. */
const mostRemembered = 200;

export type QueryVectors = (
  space: EmbeddingSpace,
  text: string,
  pointer: string,
) => Promise<readonly number[]>;

const unavailable = (message: string, options: ConstructorParameters<typeof AppError>[2]): AppError =>
  new AppError('embedding_unavailable', message, options);

const toAppError = (error: ProviderError, pointer: string): AppError => {
  const { kind, retryable, retryAfterMs } = error;
  if (kind === 'content_filter' || kind === 'context_length' || kind === 'invalid_request') {
    const message = `the embedding model does not take this text (${kind})`;
    return new AppError('invalid_request', 'The text cannot be searched for by meaning.', {
      faults: [{ pointer, message }],
    });
  }
  const options = { retryable: retryable || kind === 'timeout', cause: error };
  return unavailable(
    `The embedding model does not answer (${kind}).`,
    retryAfterMs === null ? options : { ...options, retryAfterMs },
  );
};

/**
 * The vectors of texts that are searched for; each is asked of the model once while it is remembered.
 * The function @throws {AppError} embedding_unavailable; invalid_request for a text that the model refuses, naming `pointer`
 */
export const createQueryVectors = ({
  embedder,
  embedTexts,
  now,
}: Embedding & { now: () => number }): QueryVectors => {
  const remembered = new Map<string, readonly number[]>();

  return async (space, text, pointer) => {
    const known = remembered.get(text);
    if (known !== undefined) {
      // The longest unused is first.
      remembered.delete(text);
      remembered.set(text, known);
      return known;
    }
    const result = await embedTexts({
      spaceId: space.id,
      dimensions: space.dimensions,
      purpose: 'query',
      texts: [await fitText(text, embedder.maxTokens)],
      timeoutMs,
      maxWaitMs: longestTurnMs,
    });
    if ('retryAt' in result) {
      const retryAfterMs = Math.max(0, result.retryAt.getTime() - now());
      throw unavailable('The limits set for the embedding model leave no room now.', {
        retryable: true,
        retryAfterMs,
      });
    }
    if ('error' in result) throw toAppError(result.error, pointer);
    const [vector] = result.vectors;
    if (vector === undefined) throw new TypeError('a text was embedded and has no vector');
    remembered.set(text, vector);
    const [oldest] = remembered.keys();
    if (remembered.size > mostRemembered && oldest !== undefined) remembered.delete(oldest);
    return vector;
  };
};
