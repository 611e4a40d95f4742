import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { Problem } from '../contract/problem.ts';
import { AppError, type AppErrorCode } from '../errors.ts';
import type { AppEnv } from './app-env.ts';
import { isOpenaiPath, toOpenaiError } from './openai-errors.ts';

type ProblemKind = {
  status: 400 | 401 | 403 | 404 | 405 | 406 | 409 | 413 | 415 | 416 | 422 | 429 | 500 | 503;
  title: string;
};

/** The one place where causes become HTTP statuses. */
export const problemKinds: Readonly<Record<AppErrorCode, ProblemKind>> = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  input_too_long: { status: 400, title: 'The input is too long' },
  unauthenticated: { status: 401, title: 'A valid key is needed' },
  forbidden: { status: 403, title: 'Not allowed' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  not_acceptable: { status: 406, title: 'Not acceptable' },
  conflict: { status: 409, title: 'In conflict with the present state' },
  idempotency_mismatch: { status: 409, title: 'The Idempotency-Key belongs to another request' },
  idempotency_in_progress: { status: 409, title: 'The first request with this Idempotency-Key still runs' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  range_not_satisfiable: { status: 416, title: 'The file cannot be read so' },
  price_unknown: { status: 422, title: 'A price is unknown' },
  embedding_not_configured: { status: 422, title: 'Search by meaning is not configured' },
  rate_limited: { status: 429, title: 'Too many requests' },
  shutting_down: { status: 503, title: 'Shutting down' },
  database_unavailable: { status: 503, title: 'The database does not answer' },
  identity_unavailable: { status: 503, title: 'The app could not sign in' },
  storage_unavailable: { status: 503, title: 'The storage does not answer' },
  embedding_unavailable: { status: 503, title: 'The embedding model does not answer' },
  misconfigured: { status: 503, title: 'Misconfigured' },
  internal: { status: 500, title: 'Internal error' },
};

/** Asking again sooner than this helps nobody, in ms. */
const shortestRetryMs = 1000;

/** What a thrown value means to the caller. Anything that isn't ours becomes `internal` without details. */
export const toAppError = (error: unknown): AppError => {
  if (error instanceof AppError) return error;
  if (error instanceof HTTPException) {
    if (error.status === 415) return new AppError('unsupported_media_type', 'Send application/json.');
    if (error.status < 500) return new AppError('invalid_request', 'The request could not be read.');
  }
  return new AppError('internal', 'Something went wrong on our side; the log has it under this request id.', {
    cause: error,
  });
};

/** RFC 9457 problem details of an error. */
export const toProblem = (error: AppError, requestId: string): Problem => {
  const { status, title } = problemKinds[error.code];
  return {
    type: `urn:study-query-llm:problem:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    requestId,
    retryable: error.retryable,
    errors: [...error.faults],
  };
};

/** `Retry-After` and what the `openai` client reads, on the answers that such a client would retry by itself. */
const retryHeaders = (error: AppError, status: number): Record<string, string> => {
  if (status !== 409 && status !== 429 && status !== 503) return {};
  const shouldRetry = { 'x-should-retry': String(error.retryable) };
  if (status === 409 && error.retryAfterMs === null) return shouldRetry;
  const waitMs = Math.max(error.retryAfterMs ?? shortestRetryMs, shortestRetryMs);
  return {
    ...shouldRetry,
    'Retry-After': String(Math.ceil(waitMs / 1000)),
    'retry-after-ms': String(Math.ceil(waitMs)),
  };
};

/** Answers an error: a problem under `/api`, exactly OpenAI's envelope under `/v1`. */
export const answerError = (
  c: Context<AppEnv>,
  error: AppError,
  headers: Record<string, string> = {},
): Response => {
  const { status } = problemKinds[error.code];
  const openAi = isOpenaiPath(c.req.path);
  const body = openAi ? toOpenaiError(error, status) : toProblem(error, c.get('requestId') ?? '');
  return c.body(JSON.stringify(body), status, {
    'Content-Type': openAi ? 'application/json' : 'application/problem+json',
    ...retryHeaders(error, status),
    ...headers,
  });
};
