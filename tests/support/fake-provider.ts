import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FakeVendor, vendorAnswer } from './fake-vendor-answers.ts';

export type FakeRequest = {
  vendor: FakeVendor;
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** The parsed JSON body; the text itself where it is no JSON; null without a body. */
  body: unknown;
  /** Turns true when the client left before the answer was complete. */
  clientLeft: boolean;
};

/** One scripted answer; what is left out is a plain 200 with an empty JSON object. */
export type FakeAnswer = {
  latencyMs?: number;
  status?: number;
  headers?: Record<string, string>;
  /** Sent as JSON; a string is sent as it is. */
  body?: unknown;
  /** Raw pieces of an event stream, written one after the other (instead of `body`). */
  chunks?: readonly string[];
  chunkGapMs?: number;
  /** After body or chunks: `reset` destroys the socket, `never` leaves it open. Without body and chunks: at once. */
  ends?: 'whole' | 'reset' | 'never';
};
export type FakeScript = FakeAnswer | ((request: FakeRequest) => FakeAnswer);

export type FakeProvider = {
  /** `http://127.0.0.1:PORT`, no slash at the end. */
  url: string;
  /** Base URLs as a configuration would name them; Azure's is the endpoint without `/openai/v1`. */
  baseUrls: Record<FakeVendor, string>;
  /** Everything received since the start or the last reset, in order. */
  requests: FakeRequest[];
  /** The next requests get these answers, one each; after that the vendor's normal answer. */
  script(...answers: FakeScript[]): void;
  /** Every request that no script answers gets this; null: the vendor's normal answer again. */
  respondWith(answer: FakeScript | null): void;
  reset(): void;
  close(): Promise<void>;
};

const vendorOf = (path: string): FakeVendor => {
  if (path.startsWith('/openai/')) return 'azure';
  if (path.startsWith('/hyperbolic/')) return 'hyperbolic';
  if (path.startsWith('/compatible/')) return 'compatible';
  return 'openai';
};

const readBody = async (request: IncomingMessage): Promise<unknown> => {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const send = async (response: ServerResponse, answer: FakeAnswer): Promise<void> => {
  const { status = 200, headers = {}, ends = 'whole', chunks } = answer;
  if (answer.body === undefined && chunks === undefined && ends !== 'whole') {
    if (ends === 'reset') response.socket?.resetAndDestroy();
    return;
  }
  if (chunks) {
    response.writeHead(status, { 'content-type': 'text/event-stream', ...headers });
    response.flushHeaders();
    for (const chunk of chunks) {
      if (response.destroyed) return;
      response.write(chunk);
      await sleep(answer.chunkGapMs ?? 0);
    }
  } else {
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {});
    const contentLength = Buffer.byteLength(text);
    const length = ends === 'whole' ? contentLength : contentLength + 100;
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': length, ...headers });
    response.write(text);
  }
  if (ends === 'whole') response.end();
  if (ends === 'reset') {
    await sleep(5);
    response.socket?.resetAndDestroy();
  }
};

/**
 * A real HTTP server that speaks the vendors' wire formats (Azure v1, OpenAI, Hyperbolic, any compatible one) and
 * records what it is asked.
 *
 * @param options.latencyMs how long a normal answer takes.
 * @param options.record false for benchmarks: requests aren't kept.
 */
export const startFakeProvider = async (
  options: { latencyMs?: number; port?: number; record?: boolean } = {},
): Promise<FakeProvider> => {
  const requests: FakeRequest[] = [];
  let scripted: FakeScript[] = [];
  let fallback: FakeScript | null = null;

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = incoming.url ?? '/';
    const request: FakeRequest = {
      vendor: vendorOf(path),
      method: incoming.method ?? 'GET',
      path,
      headers: incoming.headers,
      body: await readBody(incoming),
      clientLeft: false,
    };
    response.once('close', () => {
      request.clientLeft = !response.writableFinished;
    });
    if (options.record !== false) requests.push(request);
    const script = scripted.shift() ?? fallback;
    const answer = typeof script === 'function' ? script(request) : (script ?? vendorAnswer(request));
    const latencyMs = answer.latencyMs ?? options.latencyMs ?? 0;
    if (latencyMs > 0) await sleep(latencyMs, undefined, { ref: false });
    await send(response, answer);
  };

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    baseUrls: {
      azure: url,
      openai: `${url}/v1`,
      hyperbolic: `${url}/hyperbolic/v1`,
      compatible: `${url}/compatible/v1`,
    },
    requests,
    script: (...answers) => {
      scripted.push(...answers);
    },
    respondWith: (answer) => {
      fallback = answer;
    },
    reset: () => {
      requests.length = 0;
      scripted = [];
      fallback = null;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
