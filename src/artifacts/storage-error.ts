import { AppError } from '../errors.ts';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The same file, written or deleted by somebody else at the same moment. */
const conflicts = new Set([
  'InvalidBlockList',
  'InvalidBlobOrBlock',
  'BlobBeingRehydrated',
  'ConditionNotMet',
]);

/**
 * What a failed request to Blob Storage means. The SDK's own error holds the request with its token, so only its code and status
 * are kept.
 */
export const toStorageError = (error: unknown): unknown => {
  if (error instanceof AppError || error instanceof RangeError) return error;
  if (typeof error !== 'object' || error === null) return error;
  const { name, code, statusCode, details } = error as Record<string, unknown>;
  const stated = textOf(code) || textOf((details as { errorCode?: unknown } | undefined)?.errorCode);
  const cause = new Error([textOf(name), stated, statusCode].filter(Boolean).join(' '));
  // An answer to HEAD or DELETE has no body, and with it no code.
  if (statusCode === 404 && stated !== 'ContainerNotFound') {
    return new AppError('not_found', 'There is no such file.', { cause });
  }
  if (conflicts.has(stated)) {
    return new AppError('conflict', 'The file was written or deleted by somebody else at the same time.', {
      cause,
    });
  }
  const isLasting =
    typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 && statusCode !== 429;
  return new AppError('storage_unavailable', 'The store of large files does not answer as it should.', {
    retryable: !isLasting,
    cause,
  });
};
