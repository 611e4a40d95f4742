import { openCallDeadline } from './call-deadline.ts';
import type { Endpoint } from './endpoint.ts';
import { readProviderRequestId } from './map-rate-limit.ts';
import { mapUsage } from './map-usage.ts';
import type { EmbeddingAnswer, EmbeddingRequest, ModelInfo } from './provider.ts';
import type { WireUsage } from './wire-types.ts';

type WireEmbeddings = {
  model?: string | null;
  data?: { index?: number | null; embedding?: unknown }[] | null;
  usage?: WireUsage | null;
};
type WireModels = { data?: { id?: unknown }[] | null };

const isVector = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length > 0 && value.every((number) => typeof number === 'number');

/** One vector an input, put in the order of the inputs whatever order the vendor chose. @throws {ProviderError} */
export const embed = async (endpoint: Endpoint, request: EmbeddingRequest): Promise<EmbeddingAnswer> => {
  const deadline = openCallDeadline(request);
  try {
    const body = {
      model: request.model,
      input: request.input,
      // Compatible endpoints don't all know the SDK's default, base64.
      encoding_format: 'float',
      ...(request.dimensions === undefined ? {} : { dimensions: request.dimensions }),
    };
    const answer = await endpoint.postJson('/embeddings', body, { deadline, timeoutMs: request.timeoutMs });
    const wire = (answer.body ?? {}) as WireEmbeddings;
    const vectors: (number[] | undefined)[] = request.input.map(() => undefined);
    (Array.isArray(wire.data) ? wire.data : []).forEach(({ index, embedding }, place) => {
      if (isVector(embedding)) vectors[index ?? place] = embedding;
    });
    const complete = vectors.filter((vector) => vector !== undefined);
    if (complete.length !== request.input.length || vectors.length !== complete.length) {
      throw endpoint.badResponse('answered without a vector for every input', answer.headers, answer.body);
    }
    return {
      vectors: complete,
      servedModel: wire.model || null,
      usage: { inputTokens: mapUsage(wire.usage).inputTokens },
      providerRequestId: readProviderRequestId(answer.headers),
    };
  } finally {
    deadline.close();
  }
};

const listTimeoutMs = 10_000;

/** The endpoint's own list, with what the configuration declares about a model. @throws {ProviderError} */
export const listModels = async (
  endpoint: Endpoint,
  declared: ReadonlyMap<string, ModelInfo>,
  options: { signal?: AbortSignal; timeoutMs?: number },
): Promise<ModelInfo[]> => {
  const timeoutMs = options.timeoutMs ?? listTimeoutMs;
  const deadline = openCallDeadline({ signal: options.signal, timeoutMs });
  try {
    const answer = await endpoint.getJson('/models', { deadline, timeoutMs });
    // Some compatible endpoints answer the bare list.
    const list = Array.isArray(answer.body) ? answer.body : (answer.body as WireModels | null)?.data;
    if (!Array.isArray(list))
      throw endpoint.badResponse('answered without a list of models', answer.headers, answer.body);
    return list.flatMap(({ id }: { id?: unknown }) =>
      typeof id === 'string' ? [declared.get(id) ?? { id, family: id, contextTokens: null }] : [],
    );
  } finally {
    deadline.close();
  }
};
