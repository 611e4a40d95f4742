import { randomUUID } from 'node:crypto';
import type { Problem } from '../contract/problem.ts';

export type PlatformFault = {
  status: number;
  code: string;
  title: string;
  detail: string;
  retryable: boolean;
  errors?: Problem['errors'];
};

/** The path of an absolute URL, without query; `/` when there is none. */
export const pathOf = (url: string): string => {
  const start = url.indexOf('/', url.indexOf('//') + 2);
  if (start < 0) return '/';
  const end = url.indexOf('?', start);
  return end < 0 ? url.slice(start) : url.slice(start, end);
};

/**
 * An answer to what never reaches the API: an RFC 9457 problem, or OpenAI's error envelope under `/v1`. The same shapes
 * as the API's own answers.
 */
export const platformAnswer = (url: string, fault: PlatformFault): Response => {
  const requestId = randomUUID();
  const { status, code, title, detail, retryable } = fault;
  const openAi = /^\/v1(\/|$)/i.test(pathOf(url));
  const type = status < 500 ? 'invalid_request_error' : 'server_error';
  const problem: Problem = {
    type: `urn:study-query-llm:problem:${code}`,
    title,
    status,
    detail,
    code,
    requestId,
    retryable,
    errors: fault.errors ?? [],
  };
  const body = openAi ? { error: { message: detail, type, param: null, code } } : problem;
  const headers: Record<string, string> = {
    'content-type': openAi ? 'application/json' : 'application/problem+json',
    'cache-control': 'no-store',
    'x-request-id': requestId,
  };
  if (status === 503) headers['retry-after'] = '30';
  return new Response(JSON.stringify(body), { status, headers });
};
