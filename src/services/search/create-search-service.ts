import type { Inference } from '../../contract/inference.ts';
import type { MeaningState } from '../../contract/meaning.ts';
import type { Highlight } from '../../contract/search.ts';
import type { InferenceRepository } from '../../db/runs/inference-repository.ts';
import { AppError } from '../../errors.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { highlightText } from './highlight-text.ts';
import type { SearchService } from './search-service.ts';

const highlightsOf = ({ messages, text }: Inference, query: string): Highlight[] => {
  const texts: [pointer: string, text: string][] = messages.map(({ content }, index) => [
    `/messages/${index}/content`,
    content,
  ]);
  if (text !== null) texts.push(['/text', text]);
  return texts.flatMap(([pointer, whole]) => {
    const found = highlightText(whole, query);
    return found === null ? [] : [{ pointer, ...found }];
  });
};

const notConfigured: MeaningState = {
  status: 'not_configured',
  provider: null,
  model: null,
  dimensions: null,
  embedded: null,
  pending: null,
  refused: null,
};

const refuse = () => {
  throw new AppError('embedding_not_configured', 'No embedding model is configured.');
};

export const createSearchService = ({
  repository,
  telemetry,
}: {
  repository: Pick<InferenceRepository, 'searchPrompts' | 'findInference'>;
  /** Left out: nothing is traced. */
  telemetry?: Pick<Telemetry, 'traceUrl'> | undefined;
}): SearchService => ({
  search: async ({ text, like: _like, limit, ...filter }) => {
    if (text === undefined) return refuse();
    const found = await repository.searchPrompts(text, limit, filter);
    const data = found.map((inference) => ({
      inference: { ...inference, traceUrl: telemetry?.traceUrl(inference.traceId) ?? null },
      highlights: highlightsOf(inference, text),
      similarity: null,
      repeatCount: null,
    }));
    return { data, meaning: notConfigured };
  },
  similar: async (id) => {
    if ((await repository.findInference(id)) === null)
      throw new AppError('not_found', `There is no inference ${id}.`);
    return { data: [], refusal: null, meaning: notConfigured };
  },
  duplicates: async () => refuse(),
  report: async () => ({
    meaning: notConfigured,
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
