import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RouteMatch } from './function-routes.ts';

/** One HTTP request that a route has matched. */
export type HttpCall = {
  request: IncomingMessage;
  response: ServerResponse;
  match: RouteMatch;
  /** Path and query as they stand in the request line. */
  target: string;
  /** Without `?`. */
  query: string;
};

/** Answers a request with a trigger; resolves when the answer is under way. Rejects only on the host's own faults. */
export type AnswerHttp = (call: HttpCall) => Promise<void>;

/** The answer of the real host to most failures: a status and nothing else. */
export const answerEmpty = (response: ServerResponse, status: number): void => {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'content-length': '0' }).end();
};
