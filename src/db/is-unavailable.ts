import {
  BackendTerminatedError,
  BackendTerminatedUnexpectedlyError,
  ConnectionError,
  IdleTransactionTimeoutError,
  StatementCancelledError,
  StatementTimeoutError,
  UnexpectedStateError,
} from 'slonik';
import { AppError } from '../errors.ts';

const unavailableClasses = [
  BackendTerminatedError,
  BackendTerminatedUnexpectedlyError,
  ConnectionError,
  IdleTransactionTimeoutError,
  StatementCancelledError,
  StatementTimeoutError,
  // Slonik's word for a pool that is being closed.
  UnexpectedStateError,
];

/** Node's own codes of a connection that never came about or broke. */
const socketCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
]);

/**
 * PostgreSQL's classes 08 (connection), 53 (out of resources), 57P (shutting down, not yet up), 28 (refused login) and
 * 3D (no such database), and 25006: a server that is a standby since a failover, or whose disk is full, only reads.
 */
const unavailableState = /^((08|28|3D|53|57P)...?|25006)$/;

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';

/** Whether the database, rather than the statement, is at fault. */
export const isUnavailable = (error: unknown): boolean => {
  // Without a token there is no way in: to whoever waits for the database that is the same.
  if (error instanceof AppError) return /^(database|identity)_unavailable$/.test(error.code);
  if (unavailableClasses.some((unavailable) => error instanceof unavailable)) return true;
  const code = codeOf(error);
  if (socketCodes.has(code) || unavailableState.test(code)) return true;
  if (!(error instanceof Error)) return false;
  return /timeout expired|connection terminated|pool has been closed/i.test(error.message);
};
