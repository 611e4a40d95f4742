import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { decodePath, type RouteTable } from './function-routes.ts';
import { describeError, type HostReport } from './host-report.ts';
import { type AnswerHttp, answerEmpty } from './http-call.ts';

/** Limits of Kestrel, which no setting of the Functions host changes. */
const maxRequestLineBytes = 8 * 1024;
const maxHeaderBytes = 32 * 1024;

export type HttpFrontOptions = {
  report: HostReport;
  routes: RouteTable;
  answer: AnswerHttp;
  homepageDisabled: boolean;
  /** Starts a function by hand, as `POST /admin/functions/{name}` does; false when there is no such function. */
  runByHand(functionName: string): boolean;
  /** Answers a path that belongs to an extension of the host; false when it is none. */
  webhook(request: IncomingMessage, response: ServerResponse): boolean;
};

export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

const headerBytes = (rawHeaders: readonly string[]): number => {
  let bytes = 0;
  for (const text of rawHeaders) bytes += text.length + 2;
  return bytes;
};

const adminRun = /^\/admin\/functions\/([^/]+)\/?$/i;

/** What the front of the host does with a request: limits, administration, routes, home page. */
export const createRequestListener = (options: HttpFrontOptions): RequestListener => {
  const { report, routes, answer } = options;
  return (request, response) => {
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    const target = request.url ?? '/';
    const method = request.method ?? 'GET';
    if (target.length + method.length + 11 > maxRequestLineBytes) return answerEmpty(response, 414);
    if (headerBytes(request.rawHeaders) > maxHeaderBytes) return answerEmpty(response, 431);
    if (routes.brokenBecause !== null) return answerEmpty(response, 503);

    const questionMark = target.indexOf('?');
    const path = questionMark < 0 ? target : target.slice(0, questionMark);
    if (/%00/.test(path)) return answerEmpty(response, 400);

    const byHand = method === 'POST' ? adminRun.exec(path) : null;
    if (byHand !== null) {
      request.resume();
      return answerEmpty(response, options.runByHand(decodePath(byHand[1] ?? '')) ? 202 : 404);
    }
    if (options.webhook(request, response)) return;
    const match = routes.find(method, path);
    if (match === null) {
      request.resume();
      if (path !== '/') return answerEmpty(response, 404);
      if (options.homepageDisabled) return answerEmpty(response, 204);
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(
        method === 'HEAD' ? undefined : '<!doctype html><title>Functions</title><p>The app is running.</p>',
      );
      return;
    }
    const query = questionMark < 0 ? '' : target.slice(questionMark + 1);
    answer({ request, response, match, target, query }).catch((error: unknown) => {
      if (request.destroyed && !request.complete) return;
      report.warn(`the local host itself failed at ${method} ${target}: ${describeError(error)}`);
      answerEmpty(response, 500);
    });
  };
};

const onClientError = (error: Error & { code?: string; rawPacket?: Buffer }, socket: Socket): void => {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  let status = '400 Bad Request';
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    const firstLine = error.rawPacket?.indexOf('\r\n') ?? -1;
    const longLine = firstLine < 0 || firstLine > maxRequestLineBytes;
    status = longLine ? '414 URI Too Long' : '431 Request Header Fields Too Large';
  }
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
};

/** A bare server with the front's limits. Requests that come before `listener` resolves wait for it. */
export const createHttpServer = (listener: Promise<RequestListener>): Server => {
  const server = createServer({ maxHeaderSize: 64 * 1024, keepAliveTimeout: 130_000, requestTimeout: 0 });
  let ready: RequestListener | null = null;
  listener.then(
    (value) => {
      ready = value;
    },
    () => undefined,
  );
  server.on('request', (request, response) => {
    if (ready !== null) return ready(request, response);
    listener.then(
      (listen) => listen(request, response),
      () => answerEmpty(response, 503),
    );
  });
  server.on('clientError', onClientError);
  return server;
};

/** Listens on 127.0.0.1. With `strict` the port must be free; otherwise the next free one above it is taken. */
export const listenOnLoopback = async (server: Server, port: number, strict: boolean): Promise<number> => {
  const last = strict || port === 0 ? port : port + 100;
  for (let candidate = port; ; candidate++) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(candidate, '127.0.0.1', () => {
          server.off('error', reject);
          resolve();
        });
      });
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : candidate;
    } catch (error) {
      const inUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!inUse || candidate >= last) throw error;
    }
  }
};
