import type { Inference } from '../../contract/inference.ts';
import type { Highlight, SearchAnswer, SearchQuery } from '../../contract/search.ts';
import type { InferenceRepository } from '../../db/runs/inference-repository.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { highlightText } from './highlight-text.ts';

export type SearchService = {
  /** Best match first: whole words by rank, then parts of words. */
  search(query: SearchQuery): Promise<SearchAnswer>;
};

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

export const createSearchService = ({
  repository,
  telemetry,
}: {
  repository: Pick<InferenceRepository, 'searchPrompts'>;
  /** Left out: nothing is traced. */
  telemetry?: Pick<Telemetry, 'traceUrl'> | undefined;
}): SearchService => ({
  search: async ({ text, limit, ...filter }) => {
    const found = await repository.searchPrompts(text, limit, filter);
    const data = found.map((inference) => ({
      inference: { ...inference, traceUrl: telemetry?.traceUrl(inference.traceId) ?? null },
      highlights: highlightsOf(inference, text),
    }));
    return { data };
  },
});
