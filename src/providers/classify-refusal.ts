import type { ProviderErrorKind } from '../errors.ts';
import type { WireError } from './wire-types.ts';

/**
 * Whether the same request may succeed a little later. `timeout` is the caller's own limit: the call may have been
 * answered and billed, so it isn't repeated silently.
 */
const retryableKinds: ReadonlySet<ProviderErrorKind> = new Set([
  'rate_limited',
  'overloaded',
  'server_error',
  'connection',
  'stream_cut',
  'bad_response',
]);
export const isRetryable = (kind: ProviderErrorKind): boolean => retryableKinds.has(kind);

const byCode: Record<string, ProviderErrorKind> = {
  content_filter: 'content_filter',
  content_policy_violation: 'content_filter',
  ResponsibleAIPolicyViolation: 'content_filter',
  context_length_exceeded: 'context_length',
  string_above_max_length: 'context_length',
  model_not_found: 'model_not_found',
  DeploymentNotFound: 'model_not_found',
  insufficient_quota: 'out_of_credit',
  billing_hard_limit_reached: 'out_of_credit',
  billing_not_active: 'out_of_credit',
  invalid_api_key: 'authentication',
  unknown_url: 'invalid_request',
};

const byStatus: Record<number, ProviderErrorKind> = {
  400: 'invalid_request',
  401: 'authentication',
  402: 'out_of_credit',
  403: 'permission',
  404: 'model_not_found',
  408: 'server_error',
  // OpenAI answers 409 for a lock it couldn't get in time.
  409: 'overloaded',
  413: 'context_length',
  424: 'server_error',
  425: 'overloaded',
  429: 'rate_limited',
  503: 'overloaded',
  529: 'overloaded',
};

/** For errors inside a stream, which have no status of their own. */
const byType: Record<string, ProviderErrorKind> = {
  rate_limit_exceeded: 'rate_limited',
  rate_limit_error: 'rate_limited',
  tokens: 'rate_limited',
  requests: 'rate_limited',
  overloaded_error: 'overloaded',
  server_error: 'server_error',
  invalid_request_error: 'invalid_request',
};

const pick = (table: Record<string, ProviderErrorKind>, key: unknown): ProviderErrorKind | undefined =>
  typeof key === 'string' && Object.hasOwn(table, key) ? table[key] : undefined;

const byWords = (status: number | null, message: string): ProviderErrorKind | undefined => {
  // Gateways in front of Azure strip `innererror` and code; the sentence stays.
  if (/content management policy|content filter/i.test(message)) return 'content_filter';
  if (/maximum context length|context (length|window)|prompt is too long/i.test(message))
    return 'context_length';
  if (status === 429 && /exceeded your current quota|insufficient (credit|funds|balance)/i.test(message)) {
    return 'out_of_credit';
  }
  return undefined;
};

/**
 * The cause behind a vendor's error: its code where it states one, else its words, else the HTTP status.
 *
 * @param status null for an error event inside a stream.
 */
export const classifyRefusal = (status: number | null, error: WireError): ProviderErrorKind => {
  const message = typeof error.message === 'string' ? error.message : '';
  const isClientFault = status === null || (status >= 400 && status < 500);
  if (isClientFault) {
    const stated =
      pick(byCode, error.code) ??
      pick(byCode, error.innererror?.code) ??
      pick(byCode, error.type) ??
      byWords(status, message);
    if (stated) return stated;
  }
  if (status === null) return pick(byType, error.code) ?? pick(byType, error.type) ?? 'server_error';
  if (status < 400) return 'bad_response';
  return byStatus[status] ?? (status >= 500 ? 'server_error' : 'invalid_request');
};
