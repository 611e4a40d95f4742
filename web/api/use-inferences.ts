import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import {
  type CreateInference,
  Inference,
  InferenceDetail,
  type InferenceFilter,
  InferencePage,
} from '../../src/contract/inference.ts';
import { getJson, sendJson } from './http-client.ts';

const path = '/api/v1/inferences';

export const useInferences = (filter: InferenceFilter, limit = 100) =>
  useInfiniteQuery({
    queryKey: ['inferences', filter, limit],
    queryFn: ({ pageParam, signal }) =>
      getJson(InferencePage, path, { ...filter, limit, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });

export const useInference = (id: string) =>
  useQuery({
    queryKey: ['inference', id],
    queryFn: ({ signal }) => getJson(InferenceDetail, `${path}/${id}`, {}, signal),
    refetchInterval: ({ state }) => (state.data?.status === 'sending' ? 1500 : false),
  });

/** Asks once, however often the request is sent. */
export const askInference = (question: CreateInference, signal?: AbortSignal): Promise<Inference> =>
  sendJson(Inference, 'POST', path, question, {
    headers: { 'idempotency-key': crypto.randomUUID() },
    signal,
  });
