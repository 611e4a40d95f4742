import { Readiness } from '../src/contract/health.ts';
import {
  type CreateInference,
  Inference,
  InferenceDetail,
  type InferenceFilter,
  InferencePage,
} from '../src/contract/inference.ts';
import type { InferenceEvent } from '../src/contract/inference-event.ts';
import { ProviderList } from '../src/contract/provider-info.ts';
import { type ApiOptions, ConnectionError, createApiCall } from './api-call.ts';
import { readInferenceEvents } from './read-inference-events.ts';

export type ApiClient = {
  /** Asks one question; the outcome of a failed call is in the answer. */
  createInference(body: CreateInference, options?: { idempotencyKey?: string }): Promise<Inference>;
  /** Asks one question and hears the answer while it comes; the last event is the record. */
  streamInference(
    body: CreateInference,
    options?: { idempotencyKey?: string },
  ): AsyncGenerator<InferenceEvent>;
  /** Stops a streamed question; one that has ended stays as it is. */
  cancelInference(id: string): Promise<Inference>;
  getInference(id: string): Promise<InferenceDetail>;
  listInferences(
    query: Partial<InferenceFilter> & { limit?: number; cursor?: string },
  ): Promise<InferencePage>;
  /** Follows the pages to the end. */
  allInferences(filter: Partial<InferenceFilter>): AsyncGenerator<Inference>;
  listProviders(): Promise<ProviderList['data']>;
  /** Waits until database and migrations are ready. @throws {Error} after `timeoutMs`, with the last reason. */
  waitUntilReady(timeoutMs: number): Promise<void>;
};

/**
 * The API over HTTP, every answer checked against the contract.
 * All methods @throw {ApiError} on a refusal, {ConnectionError} when the host can't be reached.
 */
export function createApiClient(options: ApiOptions): ApiClient {
  const { json, send } = createApiCall(options);
  const question = (body: CreateInference, idempotencyKey: string | undefined) => ({
    method: 'POST',
    body: JSON.stringify(body),
    headers: {
      'content-type': 'application/json',
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    },
  });
  const notReady = (error: unknown) =>
    `the host at ${options.url} is not ready: ${error instanceof Error ? error.message : error}`;
  const listInferences: ApiClient['listInferences'] = (query) => {
    const given = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as [string, string]],
    );
    return json(`/api/v1/inferences?${new URLSearchParams(given)}`, InferencePage);
  };

  return {
    createInference: (body, { idempotencyKey } = {}) =>
      json('/api/v1/inferences', Inference, question(body, idempotencyKey)),
    async *streamInference(body, { idempotencyKey } = {}) {
      const { headers, ...asked } = question(body, idempotencyKey);
      const accept = { ...headers, accept: 'text/event-stream' };
      yield* readInferenceEvents(await send('/api/v1/inferences', { ...asked, headers: accept }));
    },
    cancelInference: (id) =>
      json(`/api/v1/inferences/${encodeURIComponent(id)}/cancel`, Inference, { method: 'POST' }),
    getInference: (id) => json(`/api/v1/inferences/${encodeURIComponent(id)}`, InferenceDetail),
    listInferences,
    async *allInferences(filter) {
      let cursor: string | null | undefined;
      do {
        const page = await listInferences({ ...filter, limit: 200, ...(cursor ? { cursor } : {}) });
        yield* page.data;
        cursor = page.nextCursor;
      } while (cursor !== null);
    },
    listProviders: async () => (await json('/api/v1/providers', ProviderList)).data,
    async waitUntilReady(timeoutMs) {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        try {
          await json('/api/ready', Readiness);
          return;
        } catch (error) {
          options.signal?.throwIfAborted();
          if (Date.now() >= deadline)
            throw new Error(error instanceof ConnectionError ? error.message : notReady(error), {
              cause: error,
            });
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    },
  };
}
