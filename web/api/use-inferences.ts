import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import {
  type CreateInference,
  Inference,
  InferenceDetail,
  type InferenceFilter,
  InferencePage,
} from '../../src/contract/inference.ts';
import { inColumns, roundFilter } from '../format/playground-rounds.ts';
import { getJson, sendJson } from './http-client.ts';

const path = '/api/v1/inferences';
/** How old the top of a list may be. */
const newRunsMs = 10_000;
/** How often a run that has not ended is looked at. */
const sendingMs = 1500;

export const useInferences = (filter: InferenceFilter, limit = 100) =>
  useInfiniteQuery({
    queryKey: ['inferences', filter, limit],
    queryFn: ({ pageParam, signal }) =>
      getJson(InferencePage, path, { ...filter, limit, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: (before) => before,
    // Who has gone down the list reads; at its top one wants to see what comes. A search is too much work to be repeated.
    refetchInterval: ({ state }) =>
      filter.text === undefined && (state.data?.pages.length ?? 1) === 1 ? newRunsMs : false,
  });

export const useInference = (id: string) =>
  useQuery({
    queryKey: ['inference', id],
    queryFn: ({ signal }) => getJson(InferenceDetail, `${path}/${id}`, {}, signal),
    refetchInterval: ({ state }) => (state.data?.status === 'sending' ? sendingMs : false),
  });

/** Runs that a playground goes on from: those of a round, or one. Read again until all have ended. */
export const useEarlierRuns = (
  { round, run }: { round: string | null; run: string | null },
  enabled: boolean,
) =>
  useQuery({
    queryKey: ['earlier-runs', round, run],
    queryFn: async ({ signal }): Promise<Inference[]> => {
      if (round === null) return [await getJson(InferenceDetail, `${path}/${run}`, {}, signal)];
      return inColumns((await getJson(InferencePage, path, roundFilter(round), signal)).data);
    },
    enabled: enabled && (round ?? run) !== null,
    refetchInterval: ({ state }) =>
      state.data?.some(({ status }) => status === 'sending') ? sendingMs : false,
  });

/** Asks once, however often the request is sent. */
export const askInference = (question: CreateInference, signal?: AbortSignal): Promise<Inference> =>
  sendJson(Inference, 'POST', path, question, {
    headers: { 'idempotency-key': crypto.randomUUID() },
    signal,
  });
