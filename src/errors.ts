/** What the product itself can refuse or fail at. Codes are stable and documented in docs/api.md. */
export type AppErrorCode =
  | 'invalid_request'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'conflict'
  | 'idempotency_mismatch'
  | 'idempotency_in_progress'
  | 'payload_too_large'
  | 'range_not_satisfiable'
  | 'unsupported_media_type'
  | 'input_too_long'
  | 'price_unknown'
  | 'embedding_not_configured'
  | 'rate_limited'
  | 'not_acceptable'
  | 'shutting_down'
  | 'database_unavailable'
  | 'identity_unavailable'
  | 'storage_unavailable'
  | 'embedding_unavailable'
  | 'misconfigured'
  | 'internal';

/** One faulty place in what a caller sent: a JSON pointer into body, or `?name` for a query key. */
export type FieldFault = { pointer: string; message: string };

type AppErrorOptions = {
  faults?: readonly FieldFault[];
  retryable?: boolean;
  retryAfterMs?: number;
  cause?: unknown;
};

/** An error whose message may be shown to the caller. Knows no HTTP: `http/problems.ts` maps the code. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: AppErrorCode;
  readonly faults: readonly FieldFault[];
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;

  constructor(code: AppErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.faults = options.faults ?? [];
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** Why a call to a provider failed. The provider decides this once, where the facts are. */
export type ProviderErrorKind =
  | 'rate_limited'
  | 'overloaded'
  | 'server_error'
  | 'connection'
  | 'timeout'
  | 'cancelled'
  | 'stream_cut'
  | 'bad_response'
  | 'content_filter'
  | 'authentication'
  | 'permission'
  | 'out_of_credit'
  | 'model_not_found'
  | 'context_length'
  | 'invalid_request';

type ProviderErrorOptions = {
  provider: string;
  retryable: boolean;
  retryAfterMs?: number | null;
  httpStatus?: number | null;
  providerRequestId?: string | null;
  providerCode?: string | null;
  rateLimit?: Record<string, string> | null;
  contentFilter?: unknown;
  partialText?: string | null;
  servedModel?: string | null;
  raw?: unknown;
  cause?: unknown;
};

/** A failed call to a provider. Providers never retry: the service reads `retryable` and `retryAfterMs`. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly kind: ProviderErrorKind;
  readonly provider: string;
  readonly retryable: boolean;
  /** The provider's own wish, in ms; null when it stated none. */
  readonly retryAfterMs: number | null;
  /** HTTP status of the answer; null when there was none. */
  readonly httpStatus: number | null;
  readonly providerRequestId: string | null;
  /** The vendor's own error code, verbatim. */
  readonly providerCode: string | null;
  readonly rateLimit: Record<string, string> | null;
  /** The vendor's content-filter categories, when that was the cause. */
  readonly contentFilter: unknown;
  /** What had arrived before a stream broke. */
  readonly partialText: string | null;
  /** The model that had begun to answer; null: nobody has said. */
  readonly servedModel: string | null;
  /** The vendor's error body, as it came. */
  readonly raw: unknown;

  constructor(kind: ProviderErrorKind, message: string, options: ProviderErrorOptions) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.provider = options.provider;
    this.retryable = options.retryable;
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.httpStatus = options.httpStatus ?? null;
    this.providerRequestId = options.providerRequestId ?? null;
    this.providerCode = options.providerCode ?? null;
    this.rateLimit = options.rateLimit ?? null;
    this.contentFilter = options.contentFilter ?? null;
    this.partialText = options.partialText ?? null;
    this.servedModel = options.servedModel ?? null;
    this.raw = options.raw ?? null;
  }
}
