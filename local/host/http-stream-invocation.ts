import { randomUUID } from 'node:crypto';
import { Agent, type IncomingMessage, type ServerResponse, request as sendRequest } from 'node:http';
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
const settleMs = 1_000;
/** With an id of the client's own, a library that does not know it waits for ever; a guarded one gives up earlier. */
const foreignIdMs = 5_000;

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
  if (request.headers['transfer-encoding'] !== undefined) headers.push('transfer-encoding', 'chunked');
  headers.push('connection', 'keep-alive');
  return headers;
};

const answerHeaders = (answer: IncomingMessage): string[] => {
  const { rawHeaders } = answer;
  const headers: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const folded = name.toLowerCase();
    if (!hopByHop.has(folded) && folded !== invocationIdHeader && folded !== 'date') {
      headers.push(name, rawHeaders[i + 1] ?? '');
    }
  }
  return headers;
};

/** Passes the answer on as fast as it comes: what a slow client does not take piles up, as in Azure's worker. */
const passOn = (answer: IncomingMessage, response: ServerResponse): void => {
  response.writeHead(answer.statusCode ?? 500, answerHeaders(answer));
  // Headers wait one turn for the first chunk, to go out with it; a chunk that is long in coming must not hold them.
  const flush = setImmediate(() => response.flushHeaders());
  answer.on('data', (chunk: Buffer) => {
    clearImmediate(flush);
    if (!response.destroyed) response.write(chunk);
  });
  answer.on('end', () => {
    clearImmediate(flush);
    response.end();
  });
  answer.on('error', () => response.destroy());
  answer.on('close', () => {
    if (!answer.complete) response.destroy();
  });
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
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 1024 });

  const forward = (call: HttpCall, body: Buffer | null): Promise<void> => {
    const { request, response, match } = call;
    const { functionName, bindingName } = match.route;
    const invocationId = randomUUID();
    return new Promise((resolve) => {
      let answered = false;
      const foreignId = request.headers[invocationIdHeader] !== undefined;
      let handlerReached = false;

      const giveUp = (why: string | null): void => {
        if (why !== null) report.warn(`${request.method} ${call.target}: ${why}; in Azure the caller hangs`);
        answerEmpty(response, 500);
        upstream.destroy();
        resolve();
      };

      const upstream = sendRequest({
        agent,
        host: target.hostname,
        port: target.port,
        method: request.method ?? 'GET',
        path: call.target,
        headers: forwardedHeaders(request, invocationId, target.host),
      });
      upstream.on('response', (answer) => {
        answered = true;
        if (response.headersSent || response.destroyed) {
          answer.resume();
          resolve();
          return;
        }
        passOn(answer, response);
        answer.on('close', resolve);
      });
      upstream.on('error', (error) => {
        if (answered || response.headersSent) response.destroy();
        else {
          report.log(`the app cut the connection of ${request.method} ${call.target}: ${error.message}`);
          answerEmpty(response, 502);
        }
        resolve();
      });

      if (body !== null) {
        upstream.end(body);
      } else if (request.headers['transfer-encoding'] !== undefined) {
        let left = maxBodyBytes;
        request.on('data', (chunk: Buffer) => {
          left -= chunk.length;
          if (left >= 0) upstream.write(chunk);
          else if (!response.headersSent) {
            upstream.destroy();
            answerEmpty(response, 500);
            dropRest(request, maxBodyBytes);
          }
        });
        request.on('end', () => upstream.end());
        request.on('close', () => {
          if (!request.complete) upstream.destroy();
        });
      } else {
        upstream.end();
      }

      const metadata = httpTriggerMetadata({
        body,
        query: call.query,
        routeValues: match.values,
        headers: joinedHeaders(request.rawHeaders),
      });
      const noAnswerAfter = (why: string): void => {
        if (response.writableEnded || response.destroyed) return;
        const timer = setTimeout(() => {
          if (!answered) giveUp(why);
          else if (!response.writableEnded && !response.destroyed) giveUp(why);
        }, settleMs);
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
    close: () => agent.destroy(),
  };
};
