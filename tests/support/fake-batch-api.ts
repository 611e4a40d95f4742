import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BatchDetail } from '../../src/contract/batch.ts';
import {
  batchId,
  exampleBatchDetail,
  exampleBatchResult,
  exampleEstimate,
  finishedBatch,
  now,
} from './example-batches.ts';

export type FakeCall = {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** How many calls of this method and path came before. */
  count: number;
};

/** Answers a call; without an answer it is left hanging. */
type Handler = (call: FakeCall, response: ServerResponse) => void;

export const uploadId = '0198c0de-0000-7000-8000-000000000002';
const exampleUpload = (status: 'open' | 'completed') => ({
  id: uploadId,
  name: 'questions.jsonl',
  contentEncoding: 'gzip',
  status,
  bytes: 99,
  parts: [],
  sha256: null,
  createdAt: now,
  expiresAt: now,
});

export const sendJson = (response: ServerResponse, body: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

export const sendProblem = (
  response: ServerResponse,
  status: number,
  detail: string,
  errors: { pointer: string; message: string }[] = [],
): void => {
  const problem = { type: 'about:blank', title: 'x', status, detail, code: 'x', requestId: 'r' };
  sendJson(response, { ...problem, retryable: status >= 500, errors }, status);
};

/** Begins an event stream. `end` in time, or destroy the response to cut it. */
export const sendEvents = (
  response: ServerResponse,
  ...events: [id: string, detail: BatchDetail][]
): void => {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(': beat\n\n');
  for (const [id, detail] of events) {
    response.write(`event: progress\nid: ${id}\ndata: ${JSON.stringify(detail)}\n\n`);
  }
};

const sendLines = (response: ServerResponse, lines: readonly unknown[]): void => {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  response.writeHead(200, { 'content-type': 'application/jsonl' }).end(text);
};

const path = `/api/v1/batches/${batchId}`;

/** A batch of two questions that are both answered. */
const usualHandlers: Record<string, Handler> = {
  'POST /api/v1/uploads': (_, response) => sendJson(response, exampleUpload('open'), 201),
  [`PUT /api/v1/uploads/${uploadId}/parts/1`]: (_, response) => sendJson(response, exampleUpload('open')),
  [`POST /api/v1/uploads/${uploadId}/complete`]: (_, response) =>
    sendJson(response, exampleUpload('completed')),
  'POST /api/v1/batches/estimate': (_, response) => sendJson(response, exampleEstimate),
  'POST /api/v1/batches': (_, response) => sendJson(response, exampleBatchDetail({ status: 'queued' }), 202),
  [`GET ${path}`]: (_, response) => sendJson(response, exampleBatchDetail()),
  [`GET ${path}/events`]: (_, response) => {
    sendEvents(response, ['1', exampleBatchDetail()], ['2', finishedBatch({ ok: 2 })]);
    response.end();
  },
  [`GET ${path}/results`]: (call, response) =>
    call.query.get('format') === 'openai'
      ? sendLines(response, [{ custom_id: 'a' }, { custom_id: 'b' }])
      : sendLines(response, [exampleBatchResult(), exampleBatchResult({ itemKey: 'b', position: 1 })]),
};

/** A server that speaks as the API of batches does, or as `handlers` (by method and path) say. */
export const startFakeBatchApi = async (handlers: Record<string, Handler> = {}) => {
  const calls: FakeCall[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const method = request.method ?? '';
      const call: FakeCall = {
        method,
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: Buffer.concat(chunks),
        count: calls.filter((each) => each.method === method && each.path === url.pathname).length,
      };
      calls.push(call);
      const handler = handlers[`${method} ${url.pathname}`] ?? usualHandlers[`${method} ${url.pathname}`];
      if (handler === undefined) sendProblem(response, 404, 'There is nothing here.');
      else handler(call, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    callsOf: (methodAndPath: string) =>
      calls.filter((call) => `${call.method} ${call.path}` === methodAndPath),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
