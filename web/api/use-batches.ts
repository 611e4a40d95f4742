import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import {
  BatchDetail,
  BatchEstimate,
  BatchPage,
  type BatchStatus,
  type CreateBatch,
} from '../../src/contract/batch.ts';
import { BatchFailures } from '../../src/contract/batch-failure.ts';
import { type BatchItemFilter, BatchItemPage } from '../../src/contract/batch-item.ts';
import { getJson, sendJson } from './http-client.ts';

const path = '/api/v1/batches';
/** What a batch is made of; defaults are the API's. */
export type BatchRequest = Omit<
  CreateBatch,
  'repetitions' | 'shareIdentical' | 'concurrency' | 'maxAttempts' | 'onUnknown'
> &
  Partial<CreateBatch>;

export const batchKey = (id: string) => ['batch', id];
/** Their counts change by themselves. */
export const isActive = (status: BatchStatus): boolean => !['completed', 'cancelled'].includes(status);

export const useBatches = (status: BatchStatus | undefined) =>
  useInfiniteQuery({
    queryKey: ['batches', status],
    queryFn: ({ pageParam, signal }) => getJson(BatchPage, path, { status, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    refetchInterval: 10_000,
  });

export const useBatch = (id: string, refetchMs: number | false = false, enabled = true) =>
  useQuery({
    queryKey: batchKey(id),
    queryFn: ({ signal }) => getJson(BatchDetail, `${path}/${id}`, {}, signal),
    refetchInterval: refetchMs,
    enabled,
  });

/** How often what a running batch has done so far is read anew; its counts come with each event. */
const progressMs = 5000;

/** Items in their order; read anew when the batch ends or is asked again. */
export const useBatchItems = (batch: BatchDetail, filter: BatchItemFilter) =>
  useInfiniteQuery({
    queryKey: ['batch-items', batch.id, filter, batch.generation, batch.status],
    queryFn: ({ pageParam, signal }) =>
      getJson(
        BatchItemPage,
        `${path}/${batch.id}/items`,
        { ...filter, limit: 200, cursor: pageParam },
        signal,
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: (before) => before,
    // Who has gone far down reads; anew is anew from the first page on.
    refetchInterval: ({ state }) =>
      isActive(batch.status) && (state.data?.pages.length ?? 1) <= 2 ? progressMs : false,
  });

/** Why items have no answer. */
export const useBatchFailures = (batch: BatchDetail, enabled: boolean) =>
  useQuery({
    queryKey: ['batch-failures', batch.id, batch.generation, batch.status],
    queryFn: ({ signal }) => getJson(BatchFailures, `${path}/${batch.id}/failures`, {}, signal),
    enabled,
    placeholderData: (before) => before,
    refetchInterval: isActive(batch.status) ? progressMs : false,
  });

export type BatchAction = 'pause' | 'resume' | 'cancel' | 'retry-failed';

export const useBatchAction = (id: string) => {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (action: BatchAction) => sendJson(BatchDetail, 'POST', `${path}/${id}/${action}`),
    onSuccess: async (batch) => {
      queryClient.setQueryData(batchKey(id), batch);
      await queryClient.invalidateQueries({ queryKey: ['batches'] });
    },
  });
};

export const estimateBatch = (request: BatchRequest): Promise<BatchEstimate> =>
  sendJson(BatchEstimate, 'POST', `${path}/estimate`, request);

export const startBatch = (request: BatchRequest, idempotencyKey: string): Promise<BatchDetail> =>
  sendJson(BatchDetail, 'POST', path, request, { headers: { 'idempotency-key': idempotencyKey } });
