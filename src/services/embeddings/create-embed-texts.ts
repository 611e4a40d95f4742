import { randomUUIDv7 } from 'node:crypto';
import type {
  EmbeddingCallSettlement,
  EmbeddingRepository,
} from '../../db/embeddings/embedding-repository.ts';
import { ProviderError } from '../../errors.ts';
import type { EmbeddingAnswer, Provider } from '../../providers/provider.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { failureOf } from '../calls/attempt-result.ts';
import { guardCall } from '../calls/call-provider.ts';
import { classifyError, costOfError } from '../calls/classify-error.ts';
import { cleanTextOrNull } from '../calls/clean-text.ts';
import { costOfUsage } from '../calls/cost.ts';
import type { FindPrice } from '../calls/find-price.ts';
import { createPersist } from '../calls/persist.ts';
import type { ProviderPace } from '../calls/provider-pace.ts';
import { type Sleep, sleepFor } from '../sleep.ts';
import { unitVector } from './unit-vector.ts';

/** The configured model. */
export type Embedder = {
  provider: Provider & Required<Pick<Provider, 'embed'>>;
  model: string;
  /** What it is asked for; null: as many as it gives. */
  requestedDimensions: number | null;
  /** Tokens of one text. */
  maxTokens: number;
};

export type EmbedTextsDependencies = {
  embedder: Embedder;
  repository: Pick<EmbeddingRepository, 'beginCall' | 'settleCall'>;
  pace: Pick<ProviderPace, 'bookTexts'>;
  findPrice: FindPrice;
  logger: Logger;
  /** How long past its time limit a call may still be settled, in ms. */
  leaseGraceMs: number;
  /** Epoch ms. */
  now?: (() => number) | undefined;
  sleep?: Sleep | undefined;
  newId?: (() => string) | undefined;
};

export type EmbedRequest = {
  spaceId: number;
  /** How long vectors of the space are; null: the model has not answered yet. */
  dimensions: number | null;
  purpose: 'index' | 'query';
  texts: readonly string[];
  timeoutMs: number;
  /** The longest wait for its turn, in ms. */
  maxWaitMs: number;
  /** Settles the call and keeps the vectors (of length 1, one a text); left out: settles it only. */
  keep?: (settlement: EmbeddingCallSettlement, vectors: number[][]) => Promise<void>;
};

/** `retryAt`: not sent, the provider's limits leave no room before. `error`: it failed, and that is settled. */
export type EmbedResult = { vectors: number[][] } | { error: ProviderError } | { retryAt: Date };

export type EmbedTexts = (request: EmbedRequest) => Promise<EmbedResult>;

/** @throws {ProviderError} for vectors that cannot be searched beside the others */
const checkedVectors = (
  { vectors, providerRequestId }: EmbeddingAnswer,
  { texts, dimensions }: EmbedRequest,
  { provider, requestedDimensions }: Embedder,
): number[][] => {
  const length = dimensions ?? requestedDimensions ?? vectors[0]?.length ?? 0;
  const units = vectors.map(unitVector).filter((unit) => unit?.length === length);
  if (units.length === texts.length && vectors.length === texts.length) {
    return units.filter((unit) => unit !== null);
  }
  const lengths = [...new Set(vectors.map((vector) => vector.length))].slice(0, 5).join(', ');
  const given = `${vectors.length} vectors of ${lengths} dimensions`;
  const message = `${provider.name} gave ${given} for ${texts.length} texts; ${texts.length} of ${length} were due`;
  throw new ProviderError('bad_response', message, {
    provider: provider.name,
    retryable: true,
    httpStatus: 200,
    providerRequestId,
  });
};

/**
 * The one way to an embedding model, by the rules of every other call: it waits for its turn, is in the ledger before it is sent,
 * ends in time, and is settled with what it came to. One call, no retry.
 */
export const createEmbedTexts = (dependencies: EmbedTextsDependencies): EmbedTexts => {
  const { embedder, repository, pace, findPrice, logger, leaseGraceMs } = dependencies;
  const { now = Date.now, sleep = sleepFor, newId = randomUUIDv7 } = dependencies;
  const { provider, model, requestedDimensions } = embedder;
  const persist = createPersist({ now, sleep, logger });

  const priceOf = async (servedModel: string | null, at: number) => {
    const family = provider.declaredModels?.find(({ id }) => id === model)?.family;
    const names = [servedModel, model, family].filter((name) => typeof name === 'string');
    try {
      return await findPrice(provider.name, names, new Date(at));
    } catch (error) {
      logger.error('price look-up failed', { provider: provider.name, model, error });
      return null;
    }
  };

  return async (request) => {
    const { texts, purpose, spaceId, timeoutMs } = request;
    const turn = await pace.bookTexts(provider.name, texts, request.maxWaitMs);
    if ('retryAt' in turn) return turn;
    await sleep(Math.max(0, turn.sendAt.getTime() - now()));

    const id = newId();
    const startedAt = now();
    const leaseUntil = startedAt + timeoutMs + leaseGraceMs;
    await repository.beginCall({
      id,
      spaceId,
      purpose,
      provider: provider.name,
      model,
      inputCount: texts.length,
      startedAt: new Date(startedAt),
      leaseUntil: new Date(leaseUntil),
    });
    const dimensions = requestedDimensions ?? undefined;
    const asked = { model, input: texts, dimensions, timeoutMs };
    const { answer, error } = await guardCall(provider, timeoutMs, logger, () => provider.embed(asked));
    const settledAt = now();
    const facts = { id, settledAt: new Date(settledAt), latencyMs: Math.max(0, settledAt - startedAt) };

    const fail = async (
      failure: ProviderError,
      spent: Pick<EmbeddingCallSettlement, 'servedModel' | 'inputTokens' | 'costUsd' | 'priceId'>,
    ): Promise<EmbedResult> => {
      const settlement: EmbeddingCallSettlement = {
        ...facts,
        ...spent,
        outcome: classifyError(failure).outcome,
        httpStatus: failure.httpStatus,
        error: failureOf(failure),
        retryAfterMs: failure.retryAfterMs,
        providerRequestId: cleanTextOrNull(failure.providerRequestId),
      };
      await persist(leaseUntil, () => repository.settleCall(settlement));
      return { error: failure };
    };

    if (error !== null) {
      const unknown = { servedModel: null, inputTokens: null, priceId: null };
      return fail(error, { ...unknown, costUsd: costOfError(error) });
    }
    const servedModel = cleanTextOrNull(answer.servedModel);
    const { inputTokens } = answer.usage;
    const price = await priceOf(servedModel, startedAt);
    const usage = {
      inputTokens,
      outputTokens: 0,
      cachedInputTokens: 0,
      reasoningTokens: 0,
      estimated: false,
    };
    const costUsd = costOfUsage(usage, price);
    const spent = {
      servedModel,
      inputTokens,
      costUsd,
      priceId: costUsd === null ? null : (price?.id ?? null),
    };
    let vectors: number[][];
    try {
      vectors = checkedVectors(answer, request, embedder);
    } catch (fault) {
      if (!(fault instanceof ProviderError)) throw fault;
      return fail(fault, spent);
    }
    const settlement: EmbeddingCallSettlement = {
      ...facts,
      ...spent,
      outcome: 'ok',
      // As of an attempt: a provider that ships without a wire has no status.
      httpStatus: provider.kind === 'echo' ? null : 200,
      error: null,
      retryAfterMs: null,
      providerRequestId: cleanTextOrNull(answer.providerRequestId),
    };
    const { keep = repository.settleCall } = request;
    await persist(leaseUntil, () => keep(settlement, vectors));
    return { vectors };
  };
};
