import type { EmbeddingModel } from '../../db/embeddings/embedding-repository.ts';
import type { Provider } from '../../providers/provider.ts';
import type { Embedder } from './create-embed-texts.ts';

/** What OpenAI's embedding models take, and a usual measure: for a model with a declared `contextTokens` that counts. */
const usualMaxTokens = 8191;

/** The configured model with its provider. @throws {Error} for a provider without embeddings: the configuration refuses it */
export const findEmbedder = (
  providers: ReadonlyMap<string, Provider>,
  configured: { provider: string; model: string; dimensions: number | null } | null,
): Embedder | null => {
  if (configured === null) return null;
  const { model, dimensions: requestedDimensions } = configured;
  const provider = providers.get(configured.provider);
  const embed = provider?.embed;
  if (provider === undefined || embed === undefined) {
    throw new Error(`the provider ${configured.provider} has no embeddings`);
  }
  const declared = provider.declaredModels?.find(({ id }) => id === model);
  return {
    provider: { ...provider, embed },
    model,
    requestedDimensions,
    maxTokens: declared?.contextTokens ?? usualMaxTokens,
  };
};

/** The model whose vectors are stored and searched. */
export const embeddingModelOf = ({ provider, model, requestedDimensions }: Embedder): EmbeddingModel => ({
  provider: provider.name,
  model,
  requestedDimensions,
});
