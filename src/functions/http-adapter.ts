// The one file that knows the faults of the Functions platform's HTTP (each has a test):
//  - a handler that throws, never ends or answers with something the library cannot write hangs for 240 s, or ends the
//    worker at `functionTimeout`: there is always a valid answer, in time;
//  - `request.params` holds whatever a client put into query and body, and `request.query` another reading of it: path
//    and query come from the URL only;
//  - a query key `headers`, in any case, replaces the headers that a handler sees: such a request is refused;
//  - a stream that fails leaves the connection open: it is ended in-band;
//  - of several `set-cookie` headers only the last survives: cookies are handed over one by one;
//  - a value that passes for a header in `fetch` is refused by Node, after which nothing is answered: it is left out.
import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import type { Logger } from '../telemetry/logger.ts';
import { guardStream } from './guarded-stream.ts';
import { faultBody, type PlatformFault, pathOf, platformAnswer } from './platform-answer.ts';
import { parseSetCookie } from './set-cookie.ts';

export type HttpAdapterOptions = {
  handle: (request: Request) => Promise<Response>;
  logger: Logger;
  /** A handler that has not answered by then gets a 504 instead. Below the host's `functionTimeout`. */
  answerWithinMs?: number;
  /** A stream that runs longer is ended in-band. Below the host's `functionTimeout` too. */
  streamWithinMs?: number;
};

/** `traceparent`: the platform's own word about the trace that the request belongs to. */
export type HttpAdapter = (request: HttpRequest, traceparent?: string) => Promise<HttpResponseInit>;

const answerWithin = 9 * 60_000;
const streamWithin = 8 * 60_000;

const internal: PlatformFault = {
  status: 500,
  code: 'internal',
  title: 'Internal error',
  detail: 'The request could not be answered.',
  retryable: true,
};
const overdue: PlatformFault = {
  status: 504,
  code: 'internal',
  title: 'Took too long',
  detail: 'The request was not answered in time.',
  retryable: true,
};
const forgedHeaders: PlatformFault = {
  status: 400,
  code: 'invalid_request',
  title: 'Invalid request',
  detail: 'A query key named "headers" is not allowed.',
  retryable: false,
  errors: [{ pointer: '?headers', message: 'is not allowed' }],
};

const hasHeadersKey = (url: string): boolean => {
  const start = url.indexOf('?');
  if (start < 0) return false;
  const query = url.slice(start + 1);
  if (!/headers|%/i.test(query)) return false;
  for (const key of new URLSearchParams(query).keys()) if (key.toLowerCase() === 'headers') return true;
  return false;
};

/** Node refuses these in a header value; `fetch` lets some of them pass. */
const unsafeHeaderValue = /[^\t\x20-\x7e\x80-\xff]/;

/** Whole in memory at once anyway: reading them here turns a failure into a 500 and spares the library a stream. */
const isDocument = (contentType: string): boolean => /^application\/(json|problem\+json)\b/.test(contentType);

const toStandardRequest = (request: HttpRequest, traceparent: string | undefined): Request => {
  const { url, method, body } = request;
  const headers = new Headers(request.headers);
  // The host has put its own span between the caller's and ours. One that traces nothing says nothing.
  if (traceparent) headers.set('traceparent', traceparent);
  if (body === null || method === 'GET' || method === 'HEAD') return new Request(url, { method, headers });
  return new Request(url, {
    method,
    headers,
    body: body as ReadableStream<Uint8Array>,
    duplex: 'half',
  } as RequestInit);
};

const toPlatformAnswer = async (
  response: Response,
  method: string,
  options: { logger: Logger; streamWithinMs: number; path: string },
): Promise<HttpResponseInit> => {
  const { logger, path } = options;
  if (response.status < 200 || response.status > 599)
    throw new Error(`status ${response.status} cannot be answered`);
  const headers: Record<string, string> = {};
  for (const [name, value] of response.headers) {
    if (name === 'set-cookie') continue;
    if (unsafeHeaderValue.test(value))
      logger.error('answer header left out: not valid in HTTP', { header: name, path });
    else headers[name] = value;
  }
  const answer: HttpResponseInit = { status: response.status, headers };
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) answer.cookies = cookies.map(parseSetCookie).filter((cookie) => cookie !== null);

  const { body } = response;
  if (body === null) return answer;
  if (method === 'HEAD') {
    await body.cancel();
    return answer;
  }
  const contentType = headers['content-type'] ?? '';
  if (isDocument(contentType)) {
    const bytes = await response.arrayBuffer();
    headers['content-length'] = String(bytes.byteLength);
    answer.body = bytes;
    return answer;
  }
  answer.body = guardStream(body, {
    contentType,
    withinMs: options.streamWithinMs,
    describeEnd: (detail) => faultBody(path, { ...internal, detail }, headers['x-request-id'] ?? ''),
    onEnd: (end) =>
      logger.error('stream ended early', {
        path,
        reason: end.kind,
        error: end.kind === 'failed' ? end.error : undefined,
      }),
  }) as NonNullable<HttpResponseInit['body']>;
  return answer;
};

/** Turns a handler of standard requests into one of the Functions platform. It never rejects. */
export const createHttpAdapter = (options: HttpAdapterOptions): HttpAdapter => {
  const { handle, logger } = options;
  const answerWithinMs = options.answerWithinMs ?? answerWithin;
  const streamWithinMs = options.streamWithinMs ?? streamWithin;

  const inTime = (url: string, work: Promise<Response>): Promise<Response> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        logger.error('request not answered in time', { path: pathOf(url), answerWithinMs });
        resolve(platformAnswer(url, overdue));
      }, answerWithinMs);
      work.then(resolve, reject).finally(() => clearTimeout(timer));
    });

  return async (request, traceparent) => {
    const { url, method } = request;
    const answerOptions = { logger, streamWithinMs, path: pathOf(url) };
    try {
      if (hasHeadersKey(url)) {
        return await toPlatformAnswer(platformAnswer(url, forgedHeaders), method, answerOptions);
      }
      const response = await inTime(url, handle(toStandardRequest(request, traceparent)));
      return await toPlatformAnswer(response, method, answerOptions);
    } catch (error) {
      logger.error('request failed outside the API', { path: pathOf(url), error });
      return toPlatformAnswer(platformAnswer(url, internal), method, answerOptions);
    }
  };
};
