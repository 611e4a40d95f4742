import type { ProviderError, ProviderErrorKind } from '../../errors.ts';
import type { Classified } from './classify-answer.ts';

/** What a failed call amounts to. */
export const classifyError = (error: ProviderError): Classified => {
  switch (error.kind) {
    case 'content_filter':
      return { outcome: 'content_filtered', detail: 'prompt_filtered' };
    case 'timeout':
      return { outcome: 'timeout', detail: 'deadline' };
    case 'cancelled':
      return { outcome: 'cancelled', detail: 'cancelled' };
    case 'connection':
      return wasNeverSent(error)
        ? { outcome: 'provider_error', detail: 'connection_failed' }
        : { outcome: 'unknown_outcome', detail: 'connection_lost' };
    case 'stream_cut':
      return { outcome: 'truncated', detail: 'stream_cut' };
    case 'server_error':
      return error.httpStatus === 408 || error.httpStatus === 504
        ? { outcome: 'timeout', detail: 'provider_timeout' }
        : { outcome: 'provider_error', detail: 'server_error' };
    default:
      return { outcome: 'provider_error', detail: error.kind };
  }
};

/** Refused before any model worked. Whatever isn't listed may have been billed: Azure bills filtered prompts, 408 and over-long inputs. */
const freeKinds: ReadonlySet<ProviderErrorKind> = new Set([
  'rate_limited',
  'overloaded',
  'authentication',
  'permission',
  'out_of_credit',
  'model_not_found',
  'invalid_request',
]);

/** The cost of a failed attempt: '0' where it certainly cost nothing, otherwise null. */
export const costOfError = (error: ProviderError): '0' | null =>
  freeKinds.has(error.kind) || wasNeverSent(error) ? '0' : null;

/** Codes of Node that can only come up before a request has left; providers state them as `providerCode`. */
const neverSentCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

const wasNeverSent = (error: ProviderError): boolean =>
  error.kind === 'connection' && error.providerCode !== null && neverSentCodes.has(error.providerCode);
