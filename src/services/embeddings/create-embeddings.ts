import type { EmbeddingRepository } from '../../db/embeddings/embedding-repository.ts';
import type { Provider } from '../../providers/provider.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { FindPrice } from '../calls/find-price.ts';
import type { ProviderPace } from '../calls/provider-pace.ts';
import type { Sleep } from '../sleep.ts';
import { createEmbedTexts, type Embedder, type EmbedTexts } from './create-embed-texts.ts';
import { createEmbeddingRunner } from './create-embedding-runner.ts';
import { createEmbeddingService } from './create-embedding-service.ts';
import type { EmbeddingConductor } from './embedding-conductor.ts';
import type { EmbeddingRunner } from './embedding-runner.ts';
import type { EmbeddingService } from './embedding-service.ts';
import { embeddingModelOf, findEmbedder } from './find-embedder.ts';

export type EmbeddingsDependencies = {
  repository: EmbeddingRepository;
  providers: ReadonlyMap<string, Provider>;
  /** The model; null: none. */
  configured: Parameters<typeof findEmbedder>[1];
  conductor: EmbeddingConductor;
  pace: ProviderPace;
  findPrice: FindPrice;
  logger: Logger;
  leaseGraceMs: number;
  /** Whether a batch is asked in this process; left out: none is. */
  isBusy?: (() => boolean) | undefined;
  /** Epoch ms. */
  now?: (() => number) | undefined;
  sleep?: Sleep | undefined;
};

/** The configured model and the way to it. */
export type Embedding = { embedder: Embedder; embedTexts: EmbedTexts };

/** Everything that embeds, over one model. */
export const createEmbeddings = (
  dependencies: EmbeddingsDependencies,
): { embedding: Embedding | null; runner: EmbeddingRunner; service: EmbeddingService } => {
  const embedder = findEmbedder(dependencies.providers, dependencies.configured);
  const embedding = embedder && {
    embedder,
    embedTexts: createEmbedTexts({ ...dependencies, embedder }),
  };
  const runner = createEmbeddingRunner({ ...dependencies, embedding });
  const model = embedder && embeddingModelOf(embedder);
  return { embedding, runner, service: createEmbeddingService({ ...dependencies, runner, model }) };
};
