import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { type Dispatcher, Pool } from 'undici';
import { describeError, type HostReport } from './host-report.ts';
import { type AnswerHttp, answerEmpty, type HttpCall } from './http-call.ts';
import { httpTriggerMetadata } from './http-trigger-metadata.ts';
import { FunctionTimeoutError, type Invoke } from './invoke.ts';
import { dropRest, joinedHeaders, readBody } from './request-body.ts';

const invocationIdHeader = 'x-ms-invocation-id';

/** Not forwarded in either direction: they belong to one connection. */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);
/** Set by the host whatever the client says. */
const setByHost: ReadonlySet<string> = new Set([
  'host',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-prefix',
]);

/** How long an answer that the library has finished may need for the hop to us before it counts as never coming. */
const settleMs = 500;
/** With an id of the client's own, a library that does not know it waits for ever; a guarded one gives up earlier. */
const foreignIdMs = 5_000;
const cutAfterMs = 50;

const forwardedHeaders = (request: IncomingMessage, invocationId: string, authority: string): string[] => {
  const { rawHeaders } = request;
  const headers: string[] = ['host', authority];
  let ownId = false;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const folded = name.toLowerCase();
    if (hopByHop.has(folded) || setByHost.has(folded)) continue;
    if (folded === invocationIdHeader) ownId = true;
    headers.push(name, rawHeaders[i + 1] ?? '');
  }
  headers.push('x-forwarded-for', request.socket.remoteAddress ?? '127.0.0.1');
  headers.push('x-forwarded-host', request.headers.host ?? 'localhost', 'x-forwarded-proto', 'http');
  // The host only adds the id when there is none: the client's own wins.
  if (!ownId) headers.push(invocationIdHeader, invocationId);
  return headers;
};

/** A body of unknown length, as it comes; above `maxBytes` it ends, and the rest is read and dropped. */
const chunkedBody = (request: IncomingMessage, maxBytes: number, onTooLarge: () => void): Readable | null => {
  if (request.headers['transfer-encoding'] === undefined) return null;
  const body = new Readable({ read: () => undefined });
  let left = maxBytes;
  let tooLarge = false;
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left >= 0) body.push(chunk);
    else if (!tooLarge) {
      tooLarge = true;
      onTooLarge();
      // The app must see the request begin and break off: an invocation without its request waits for ever.
      setTimeout(() => body.destroy(new Error('the body is too large')), cutAfterMs);
      dropRest(request, maxBytes);
    }
  });
  request.on('end', () => {
    if (!tooLarge) body.push(null);
  });
  request.on('close', () => {
    if (!request.complete) body.destroy(new Error('the client went away while sending its body'));
  });
  return body;
};

type AnswerHead = { statusCode: number; headers: Record<string, string | string[] | undefined> };

const answerHeaders = (head: AnswerHead): Record<string, string | string[]> => {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(head.headers)) {
    if (value !== undefined && !hopByHop.has(name) && name !== invocationIdHeader && name !== 'date') {
      headers[name] = value;
    }
  }
  return headers;
};

/** Passes an answer on as fast as it comes: what a slow client does not take piles up, as in Azure's worker. */
const createPassOn = (response: ServerResponse) => {
  let flush: NodeJS.Immediate | undefined;
  return {
    head: (head: AnswerHead): void => {
      response.writeHead(head.statusCode, answerHeaders(head));
      // Headers wait one turn for the first chunk, to go out with it; one that is long in coming must not hold them.
      flush = setImmediate(() => response.flushHeaders());
    },
    chunk: (chunk: Buffer): void => {
      clearImmediate(flush);
      if (!response.destroyed) response.write(chunk);
    },
    end: (): void => {
      clearImmediate(flush);
      response.end();
    },
  };
};

/**
 * HTTP with streaming: the raw request is forwarded to the library's own server (`HttpUri`) while the invocation
 * announces it; the answer comes back on the forwarded connection. Where Azure would let the caller hang, it gets an
 * empty 500 at once and a warning is reported.
 */
export const createHttpStreamInvocation = (options: {
  invoke: Invoke;
  report: HostReport;
  httpUri: string;
  maxBodyBytes: number;
}): { answer: AnswerHttp; close(): void } => {
  const { invoke, report, maxBodyBytes } = options;
  const target = new URL(options.httpUri);
  const pool = new Pool(target.origin, { pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });

  const forward = (call: HttpCall, body: Buffer | null): Promise<void> => {
    const { request, response, match } = call;
    const { functionName, bindingName } = match.route;
    const invocationId = randomUUID();
    return new Promise((resolve) => {
      let answered = false;
      let received = 0;
      const foreignId = request.headers[invocationIdHeader] !== undefined;
      let handlerReached = false;

      let gaveUp = false;
      let abort: () => void = () => undefined;

      const giveUp = (why: string | null, cut = true): void => {
        if (gaveUp) return;
        gaveUp = true;
        if (why !== null) report.warn(`${request.method} ${call.target}: ${why}; in Azure the caller hangs`);
        answerEmpty(response, 500);
        if (cut) abort();
        resolve();
      };

      const passOn = createPassOn(response);
      const late = (): boolean => response.destroyed || (!answered && response.headersSent);
      pool.dispatch(
        {
          method: (request.method ?? 'GET') as Dispatcher.HttpMethod,
          path: call.target,
          headers: forwardedHeaders(request, invocationId, target.host),
          body: body ?? chunkedBody(request, maxBodyBytes, () => giveUp(null, false)),
        },
        {
          onRequestStart: (controller) => {
            abort = () => controller.abort(new Error('given up'));
          },
          onResponseStart: (_controller, statusCode, headers) => {
            if (statusCode < 200 || late()) return;
            answered = true;
            passOn.head({ statusCode, headers });
          },
          onResponseData: (_controller, chunk) => {
            received += chunk.length;
            if (answered) passOn.chunk(chunk);
          },
          onResponseEnd: () => {
            if (answered) passOn.end();
            resolve();
          },
          onResponseError: (_controller, error) => {
            if (!gaveUp) {
              if (!answered)
                report.log(
                  `the app cut the connection of ${request.method} ${call.target}: ${error.message}`,
                );
              answerEmpty(response, 502);
            }
            resolve();
          },
        },
      );

      const metadata = httpTriggerMetadata({
        body,
        query: call.query,
        routeValues: match.values,
        headers: joinedHeaders(request.rawHeaders),
      });
      const noAnswerAfter = (why: string): void => {
        let seen = received;
        let quiet = 0;
        const check = (): void => {
          if (response.writableEnded || response.destroyed) return;
          quiet = seen === received ? quiet + 1 : 0;
          // Two looks: one that comes late, after a stall of the event loop, must not count as silence.
          seen = received;
          if (quiet === 2) giveUp(why);
          else timer = setTimeout(check, settleMs);
        };
        let timer = setTimeout(check, settleMs);
        response.on('close', () => clearTimeout(timer));
      };
      if (foreignId) {
        const timer = setTimeout(() => {
          if (!handlerReached && !answered)
            giveUp(`the client sent ${invocationIdHeader} and the handler never ran`);
        }, foreignIdMs);
        response.on('close', () => clearTimeout(timer));
      }
      invoke(functionName, [{ name: bindingName, data: { http: {} } }], metadata, {
        invocationId,
        onHandler: () => {
          handlerReached = true;
        },
      }).then(
        () => noAnswerAfter(`function ${functionName} gave no answer`),
        (error: unknown) => {
          report.log(`function ${functionName} failed: ${describeError(error)}`);
          if (error instanceof FunctionTimeoutError) giveUp(null);
          else noAnswerAfter(`function ${functionName} failed without an answer (${String(error)})`);
        },
      );
    });
  };

  return {
    answer: async (call) => {
      if (call.request.headers['content-length'] === undefined) return forward(call, null);
      const body = await readBody(call.request, maxBodyBytes);
      if (body.tooLarge) return answerEmpty(call.response, 500);
      return forward(call, body.bytes);
    },
    close: () => void pool.destroy(),
  };
};
