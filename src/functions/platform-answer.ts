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

const isOpenaiPath = (path: string): boolean => /^\/v1(\/|$)/i.test(path);

/** A fault as the API itself would tell it to a caller of this path. */
export const faultBody = (path: string, fault: PlatformFault, requestId: string): object => {
  const { status, code, title, detail, retryable } = fault;
  if (isOpenaiPath(path)) {
    const type = status < 500 ? 'invalid_request_error' : 'server_error';
    return { error: { message: detail, type, param: null, code } };
  }
  const type = `urn:study-query-llm:problem:${code}`;
  const problem: Problem = {
    type,
    title,
    status,
    detail,
    code,
    requestId,
    retryable,
    errors: fault.errors ?? [],
  };
  return problem;
};

/**
 * An answer to what never reaches the API: an RFC 9457 problem, or OpenAI's error envelope under `/v1`. The same shapes
 * as the API's own answers.
 */
export const platformAnswer = (url: string, fault: PlatformFault): Response => {
  const requestId = randomUUID();
  const { status } = fault;
  const path = pathOf(url);
  const headers: Record<string, string> = {
    'content-type': isOpenaiPath(path) ? 'application/json' : 'application/problem+json',
    'cache-control': 'no-store',
    'x-request-id': requestId,
  };
  if (status === 503) headers['retry-after'] = '30';
  return new Response(JSON.stringify(faultBody(path, fault, requestId)), { status, headers });
};
