import type { z } from 'zod';
import {
  BatchDetail,
  BatchEstimate,
  BatchReconciliation,
  type CreateBatch,
  type RetryBatch,
} from '../src/contract/batch.ts';
import { type BatchItem, BatchItemPage, BatchResult } from '../src/contract/batch-item.ts';
import type { Outcome } from '../src/contract/inference.ts';
import type { Upload } from '../src/contract/upload.ts';
import type { ApiCall } from './api-call.ts';
import { type FollowOptions, followBatch } from './follow-batch.ts';
import { type UploadOptions, uploadFile } from './upload-file.ts';

/** What has a default may be left out. */
export type NewBatch = z.input<typeof CreateBatch>;
export type ResultFormat = 'native' | 'openai';

export type BatchClient = {
  /** Starts a batch. With the key a lost answer is asked for again, and starts nothing twice. */
  createBatch(batch: NewBatch, options: { idempotencyKey: string }): Promise<BatchDetail>;
  estimateBatch(batch: NewBatch): Promise<BatchEstimate>;
  getBatch(id: string): Promise<BatchDetail>;
  /** Its states until it is finished, however often the connection is cut. */
  followBatch(id: string, options?: FollowOptions): AsyncGenerator<BatchDetail>;
  pauseBatch(id: string): Promise<BatchDetail>;
  resumeBatch(id: string): Promise<BatchDetail>;
  cancelBatch(id: string): Promise<BatchDetail>;
  retryFailed(id: string, request?: RetryBatch): Promise<BatchDetail>;
  /** Follows the pages to the end. */
  allItems(id: string, filter?: { outcome?: Outcome }): AsyncGenerator<BatchItem>;
  /** Settled items with their answers, all pages. */
  allResults(id: string): AsyncGenerator<BatchResult>;
  /** The same as lines of JSON, as they were sent. */
  resultLines(id: string, format: ResultFormat): AsyncGenerator<string>;
  reconcileBatch(id: string): Promise<BatchReconciliation>;
  uploadFile(path: string, options?: UploadOptions): Promise<Upload>;
};

/** Settled items on one page of results: a page also ends at 16 MiB. */
const maxPageResults = 1000;
const maxPageItems = 200;

/** Batches over HTTP. All methods @throw {ApiError} on a refusal, {ConnectionError} when the host can't be reached. */
export function createBatchClient(api: ApiCall): BatchClient {
  const pathOf = (id: string, rest = '') => `/api/v1/batches/${encodeURIComponent(id)}${rest}`;
  const read = <Schema extends z.ZodType>(path: string, schema: Schema) =>
    api.retry(() => api.json(path, schema));
  const post = <Schema extends z.ZodType>(path: string, schema: Schema, body: unknown, key?: string) =>
    api.json(path, schema, {
      method: 'POST',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
    });

  async function* resultLines(id: string, format: ResultFormat): AsyncGenerator<string> {
    let cursor: string | null = null;
    do {
      const query = new URLSearchParams({
        format,
        limit: String(maxPageResults),
        ...(cursor === null ? {} : { cursor }),
      });
      const page = await api.retry(() => api.text(pathOf(id, `/results?${query}`)));
      yield* page.text.split('\n').filter((line) => line !== '');
      cursor = page.headers.get('x-sq-next-cursor');
    } while (cursor !== null);
  }

  return {
    createBatch: (batch, { idempotencyKey }) =>
      api.retry(() => post('/api/v1/batches', BatchDetail, batch, idempotencyKey)),
    estimateBatch: (batch) => api.retry(() => post('/api/v1/batches/estimate', BatchEstimate, batch)),
    getBatch: (id) => api.json(pathOf(id), BatchDetail),
    followBatch: (id, options) => followBatch(api, id, options),
    pauseBatch: (id) => post(pathOf(id, '/pause'), BatchDetail, undefined),
    resumeBatch: (id) => post(pathOf(id, '/resume'), BatchDetail, undefined),
    cancelBatch: (id) => post(pathOf(id, '/cancel'), BatchDetail, undefined),
    retryFailed: (id, request = {}) => post(pathOf(id, '/retry-failed'), BatchDetail, request),
    async *allItems(id, { outcome } = {}) {
      let cursor: string | null = null;
      do {
        const query = new URLSearchParams({
          limit: String(maxPageItems),
          ...(outcome === undefined ? {} : { outcome }),
          ...(cursor === null ? {} : { cursor }),
        });
        const page: BatchItemPage = await read(pathOf(id, `/items?${query}`), BatchItemPage);
        yield* page.data;
        cursor = page.nextCursor;
      } while (cursor !== null);
    },
    async *allResults(id) {
      for await (const line of resultLines(id, 'native')) yield BatchResult.parse(JSON.parse(line));
    },
    resultLines,
    reconcileBatch: (id) => read(pathOf(id, '/reconcile'), BatchReconciliation),
    uploadFile: (path, options) => uploadFile(api, path, options),
  };
}
