import { useQuery } from '@tanstack/react-query';
import type { InferenceFilter } from '../../src/contract/inference.ts';
import { DuplicatesAnswer, SearchAnswer, SimilarAnswer } from '../../src/contract/search.ts';
import { getJson } from './http-client.ts';

const path = '/api/v1/search';
/** Hits that are shown: more can be seen newest first, or the search narrowed. Everything is a little like anything. */
export const mostHits = { text: 50, like: 20 };
const mostSimilar = 10;
/** While prompts wait for their embedding, more can be found each time. */
const indexingPollMs = 5000;

type Meaning = { meaning: { status: string } };
const pollOf = (answer: Meaning | undefined) =>
  answer?.meaning.status === 'indexing' ? indexingPollMs : false;

/** By words (`text`) or by meaning (`like`), best match first. */
export const useSearch = (asked: InferenceFilter & { like?: string | undefined }, enabled: boolean) =>
  useQuery({
    queryKey: ['search', asked],
    queryFn: ({ signal }) => {
      const limit = asked.like === undefined ? mostHits.text : mostHits.like;
      return getJson(SearchAnswer, path, { ...asked, limit }, signal);
    },
    enabled,
    refetchInterval: ({ state }) => (asked.like === undefined ? false : pollOf(state.data)),
  });

export const useSimilar = (id: string) =>
  useQuery({
    queryKey: ['similar', id],
    queryFn: ({ signal }) =>
      getJson(SimilarAnswer, `/api/v1/inferences/${id}/similar`, { limit: mostSimilar }, signal),
    refetchInterval: ({ state }) => pollOf(state.data),
  });

export const useDuplicates = (filter: InferenceFilter, threshold: number) =>
  useQuery({
    queryKey: ['duplicates', filter, threshold],
    queryFn: ({ signal }) =>
      getJson(DuplicatesAnswer, `${path}/duplicates`, { ...filter, threshold }, signal),
    refetchInterval: ({ state }) => pollOf(state.data),
  });
