import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import {
  BatchDetail,
  BatchEstimate,
  BatchPage,
  type BatchStatus,
  type CreateBatch,
} from '../../src/contract/batch.ts';
import { type BatchItem, BatchItemPage } from '../../src/contract/batch-item.ts';
import type { Outcome } from '../../src/contract/inference.ts';
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

export type ItemFilter = { outcome?: Outcome | undefined; state?: BatchItem['state'] | undefined };

/** `version`: what the items depend on besides; another one has them read anew. */
export const useBatchItems = (id: string, filter: ItemFilter, version: string) =>
  useInfiniteQuery({
    queryKey: ['batch-items', id, filter, version],
    queryFn: ({ pageParam, signal }) =>
      getJson(BatchItemPage, `${path}/${id}/items`, { ...filter, limit: 200, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: (before) => before,
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
