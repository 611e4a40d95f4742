import { ProviderError, type ProviderErrorKind } from '../errors.ts';
import { classifyRefusal, isRetryable } from './classify-refusal.ts';
import { readErrorContentFilter } from './content-filter.ts';
import {
  type HeaderReader,
  readProviderRequestId,
  readRateLimit,
  readRetryAfterMs,
} from './map-rate-limit.ts';
import { strikeSecrets } from './strike-secrets.ts';
import type { WireError } from './wire-types.ts';

/** What had arrived of an answer that broke off. */
export type PartialAnswer = { text: string; servedModel: string | null };

export type ErrorContext = {
  provider: string;
  /** Keys in use for this call; they are struck out of whatever the error shows. */
  secrets: readonly string[];
  /** Why the call's own deadline ended it, if it did. */
  endedBy: 'timeout' | 'cancelled' | null;
  timeoutMs: number;
  /** null outside of a stream. */
  partial: PartialAnswer | null;
  headers: HeaderReader | null;
  nowMs: number;
};

/** `openai`'s APIError, by shape: its class is only known once the package is loaded. */
type SdkError = {
  status?: unknown;
  headers?: HeaderReader;
  error?: unknown;
  message: string;
  cause?: unknown;
};

const maxMessageLength = 1000;
/** A wrong name or certificate stays wrong. */
const lastingConnectionFault = /ENOTFOUND|CERT|SELF_SIGNED|INVALID_URL|UNABLE_TO_VERIFY/;
/** undici's word for it. */
const answerTooLarge = 'UND_ERR_RES_EXCEEDED_MAX_SIZE';

const connectionCode = (error: unknown): string | null => {
  for (let cause = error as { code?: unknown; cause?: unknown } | undefined; cause; ) {
    if (typeof cause.code === 'string') return cause.code;
    cause = cause.cause as typeof cause;
  }
  return null;
};

const wireError = (error: unknown): WireError =>
  typeof error === 'object' && error !== null ? (error as WireError) : { message: error };

const describe = (error: SdkError, body: WireError): string => {
  if (typeof body.message === 'string') return body.message;
  // Other shapes (FastAPI's `detail`, a bare string) are in the SDK's message.
  return error.message.replace(/^\d{3} /, '');
};

const fromAnswer = (error: SdkError, status: number | null, context: ErrorContext): ProviderError => {
  const body = wireError(error.error);
  const message = describe(error, body);
  const kind = classifyRefusal(status, { ...body, message });
  const headers = error.headers ?? context.headers;
  const code = body.code ?? body.type;
  const where = status === null ? 'reported an error inside the stream' : `answered ${status}`;
  return new ProviderError(kind, `${context.provider} ${where}: ${message}`.slice(0, maxMessageLength), {
    provider: context.provider,
    retryable: isRetryable(kind),
    httpStatus: status ?? (context.headers ? 200 : null),
    retryAfterMs: headers ? readRetryAfterMs(headers, context.nowMs) : null,
    providerRequestId: headers ? readProviderRequestId(headers) : null,
    providerCode: typeof code === 'string' || typeof code === 'number' ? String(code) : null,
    rateLimit: headers ? readRateLimit(headers, status ?? 200) : null,
    contentFilter: readErrorContentFilter(body),
    partialText: context.partial?.text ?? null,
    servedModel: context.partial?.servedModel ?? null,
    raw: error.error ?? message,
  });
};

/** A ProviderError for a failure that has no vendor's error body. */
export const providerFailure = (
  kind: ProviderErrorKind,
  message: string,
  context: Omit<ErrorContext, 'endedBy' | 'timeoutMs'>,
  details: {
    httpStatus?: number | null;
    raw?: unknown;
    retryable?: boolean;
    providerCode?: string | null;
  } = {},
): ProviderError =>
  new ProviderError(kind, strikeSecrets(`${context.provider} ${message}`, context.secrets), {
    provider: context.provider,
    retryable: details.retryable ?? isRetryable(kind),
    httpStatus: details.httpStatus ?? (context.headers ? 200 : null),
    providerCode: details.providerCode ?? null,
    providerRequestId: context.headers ? readProviderRequestId(context.headers) : null,
    rateLimit: context.headers ? readRateLimit(context.headers, details.httpStatus ?? 200) : null,
    partialText: context.partial?.text ?? null,
    servedModel: context.partial?.servedModel ?? null,
    raw: strikeSecrets(details.raw ?? null, context.secrets),
  });

/**
 * Turns whatever a call threw into the one error of this layer. The thrown error itself isn't kept as a cause: it may
 * hold the request, and with it the key.
 */
export const mapProviderError = (thrown: unknown, context: ErrorContext): ProviderError => {
  if (thrown instanceof ProviderError) return thrown;
  if (context.endedBy === 'timeout') {
    return providerFailure('timeout', `gave no complete answer within ${context.timeoutMs} ms`, context);
  }
  if (context.endedBy === 'cancelled') return providerFailure('cancelled', 'call was cancelled', context);
  const error = (thrown instanceof Error ? thrown : new Error(String(thrown))) as SdkError;
  const hasBody = error.error !== undefined && error.error !== null;
  if (typeof error.status === 'number' || hasBody) {
    const status = typeof error.status === 'number' ? error.status : null;
    // Everything of a vendor's is struck first, so that message, stack and raw are made of clean parts.
    const clean: SdkError = {
      status,
      error: strikeSecrets(error.error, context.secrets),
      message: strikeSecrets(error.message, context.secrets),
    };
    if (error.headers) clean.headers = error.headers;
    return fromAnswer(clean, status, context);
  }
  const code = connectionCode(thrown);
  if (code === answerTooLarge) {
    return providerFailure('bad_response', 'answered with more than can be read', context, {
      providerCode: code,
      retryable: false,
    });
  }
  if (context.partial !== null) {
    return thrown instanceof SyntaxError
      ? providerFailure('bad_response', 'sent an event that is no JSON', context)
      : providerFailure('stream_cut', `broke off the stream (${code ?? 'connection closed'})`, context, {
          providerCode: code,
        });
  }
  return providerFailure('connection', `could not be reached (${code ?? error.message})`, context, {
    providerCode: code,
    retryable: !lastingConnectionFault.test(code ?? ''),
  });
};
