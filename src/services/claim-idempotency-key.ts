import type { CreateInference } from '../contract/inference.ts';
import type { IdempotencyClaim, InferenceRepository } from '../db/runs/inference-repository.ts';
import { AppError } from '../errors.ts';
import { canonicalJson, sha256Hex } from './canonical-json.ts';
import type { InferenceCaller, InferenceRun } from './inferences/inference-service.ts';

const keptMs = 24 * 60 * 60 * 1000;
const visibleAscii = /^[\x21-\x7e]{1,255}$/;
/** When a request that is still running is worth asking for again, in ms. */
const askAgainMs = 1000;

/** SHA-256 of the request as given, whatever the order of its members. */
export const requestFingerprint = (request: CreateInference): string => sha256Hex(canonicalJson(request));

/**
 * Hash of an `Idempotency-Key`; keys of different callers never meet.
 * @returns null when the caller sent none. @throws {AppError} invalid_request unless it is 1 to 255 visible ASCII characters
 */
export const hashIdempotencyKey = (callerId: string | null, key: string | undefined): string | null => {
  if (key === undefined) return null;
  if (!visibleAscii.test(key)) {
    throw new AppError('invalid_request', 'The Idempotency-Key is malformed.', {
      faults: [{ pointer: 'Idempotency-Key', message: 'must be 1 to 255 visible ASCII characters' }],
    });
  }
  return sha256Hex(`${callerId ?? ''}\n${key}`);
};

/** What claims an `Idempotency-Key` for 24 hours; null when the caller sent none. @throws {AppError} invalid_request */
export const claimIdempotencyKey = (
  request: CreateInference,
  { apiKeyId, callerId, idempotencyKey }: InferenceCaller,
  now: number,
): IdempotencyClaim | null => {
  const keyHash = hashIdempotencyKey(callerId ?? apiKeyId, idempotencyKey);
  if (keyHash === null) return null;
  return { keyHash, fingerprint: requestFingerprint(request), expiresAt: new Date(now + keptMs) };
};

/**
 * Answers a request whose key had been claimed before, from the record. A run that never settled stays "in progress"
 * until the sweep has declared its outcome unknown: asking again might pay twice.
 *
 * @throws {AppError} idempotency_mismatch when the key stood for another request, idempotency_in_progress
 */
export const replay = async (
  repository: Pick<InferenceRepository, 'findInference'>,
  claim: IdempotencyClaim,
  earlier: { fingerprint: string; inferenceId: string },
): Promise<InferenceRun> => {
  if (earlier.fingerprint !== claim.fingerprint) {
    throw new AppError('idempotency_mismatch', 'This Idempotency-Key was used for another request.');
  }
  const detail = await repository.findInference(earlier.inferenceId);
  if (detail === null || detail.status === 'sending') {
    throw new AppError('idempotency_in_progress', 'The request with this Idempotency-Key is still running.', {
      retryable: true,
      retryAfterMs: askAgainMs,
    });
  }
  const { attempts: _attempts, rawAnswer: _rawAnswer, ...inference } = detail;
  return { inference, replayed: true, shared: false };
};
