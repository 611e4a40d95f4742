import type { z } from 'zod';
import { Readiness } from '../src/contract/health.ts';
import {
  type CreateInference,
  Inference,
  InferenceDetail,
  type InferenceFilter,
  InferencePage,
} from '../src/contract/inference.ts';
import { Problem } from '../src/contract/problem.ts';
import { ProviderList } from '../src/contract/provider-info.ts';

/** What the API refused, with its problem details where it sent any. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly problem: Problem | null;

  constructor(status: number, problem: Problem | null, text: string) {
    const faults = problem?.errors.map(({ pointer, message }) => `${pointer} ${message}`).join('; ');
    super(
      problem === null
        ? `HTTP ${status}: ${text.slice(0, 300)}`
        : [problem.detail, faults].filter(Boolean).join(' '),
    );
    this.status = status;
    this.problem = problem;
  }
}

export type ApiClient = {
  /** Asks one question; the outcome of a failed call is in the answer. */
  createInference(body: CreateInference, options?: { idempotencyKey?: string }): Promise<Inference>;
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

export type ApiClientOptions = {
  url: string;
  key: string | null;
  fetch?: typeof fetch;
  /** Ends every call. */
  signal?: AbortSignal;
};

/**
 * The API over HTTP, every answer checked against the contract.
 * All methods @throw {ApiError} on a refusal, and what `fetch` throws when the host can't be reached.
 */
export function createApiClient(options: ApiClientOptions): ApiClient {
  const send = options.fetch ?? fetch;
  const call = async <Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    init: RequestInit = {},
  ): Promise<z.infer<Schema>> => {
    const response = await send(new URL(path, options.url), {
      ...init,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      headers: {
        accept: 'application/json',
        ...(options.key === null ? {} : { authorization: `Bearer ${options.key}` }),
        ...Object.fromEntries(new Headers(init.headers)),
      },
    });
    const text = await response.text();
    const body = parseJson(text);
    if (!response.ok) throw new ApiError(response.status, Problem.safeParse(body).data ?? null, text);
    return schema.parse(body);
  };

  const listInferences: ApiClient['listInferences'] = (query) => {
    const given = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as [string, string]],
    );
    return call(`/api/v1/inferences?${new URLSearchParams(given)}`, InferencePage);
  };

  return {
    createInference: (body, { idempotencyKey } = {}) =>
      call('/api/v1/inferences', Inference, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: {
          'content-type': 'application/json',
          ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        },
      }),
    getInference: (id) => call(`/api/v1/inferences/${encodeURIComponent(id)}`, InferenceDetail),
    listInferences,
    async *allInferences(filter) {
      let cursor: string | null | undefined;
      do {
        const page = await listInferences({ ...filter, limit: 200, ...(cursor ? { cursor } : {}) });
        yield* page.data;
        cursor = page.nextCursor;
      } while (cursor !== null);
    },
    listProviders: async () => (await call('/api/v1/providers', ProviderList)).data,
    async waitUntilReady(timeoutMs) {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        try {
          await call('/api/ready', Readiness);
          return;
        } catch (error) {
          options.signal?.throwIfAborted();
          if (Date.now() > deadline)
            throw new Error(`the host at ${options.url} is not ready: ${reasonOf(error)}`);
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** `fetch` says no more than "fetch failed": the reason is in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
