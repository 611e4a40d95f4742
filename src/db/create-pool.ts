import type { ConnectionOptions } from 'node:tls';
import { createPool as createSlonikPool, type DatabasePool } from 'slonik';
import { AppError } from '../errors.ts';
import { createResultParser } from './result-parser.ts';
import { typeParsers } from './type-parsers.ts';

export type PoolOptions = {
  databaseUrl: string;
  /** Most connections at once. At least 2: statements inside a transaction and group commits need one each. */
  size?: number;
  /** `pgbouncer` refuses a connection that states time limits at its start; the role must have them then. */
  pooler?: 'none' | 'pgbouncer';
  /** TLS settings that win over `sslmode` of the URL, which cannot name a certificate authority. */
  ssl?: ConnectionOptions;
  /** Called for each new connection, for tokens that expire; without it the URL's password counts. */
  password?: () => Promise<string> | string;
  /** Told of every error of a connection or statement, on top of the caller who gets it. */
  onError?: (error: Error) => void;
};

/** A pool that connects at first use, so that an app starts, and says what is wrong, while its database is down. */
export type LazyPool = {
  /** @throws when the database cannot be reached; the next call tries again */
  connect(): Promise<DatabasePool>;
  /** Waits for running statements, then closes. Closing an unused pool is fine. */
  end(): Promise<void>;
};

/** Statements of ours take milliseconds; a longer one is a fault that must not hold a connection. */
const statementTimeoutMs = 30_000;
const idleInTransactionTimeoutMs = 30_000;
const connectionTimeoutMs = 5_000;
/** Opening a connection costs several round trips, and a quiet minute between two calls is normal. */
const idleTimeoutMs = 60_000;

export const createPool = (options: PoolOptions): LazyPool => {
  let opened: Promise<DatabasePool> | null = null;
  let ended = false;
  const isPgBouncer = options.pooler === 'pgbouncer';

  const open = async (): Promise<DatabasePool> => {
    const pool = await createSlonikPool(options.databaseUrl, {
      maxPoolSize: Math.max(2, options.size ?? 4),
      // The driver sends both as parameters of the start of a connection.
      statementTimeout: isPgBouncer ? 'DISABLE_TIMEOUT' : statementTimeoutMs,
      idleInTransactionSessionTimeout: isPgBouncer ? 'DISABLE_TIMEOUT' : idleInTransactionTimeoutMs,
      connectionTimeout: connectionTimeoutMs,
      connectionRetryLimit: 2,
      idleTimeout: idleTimeoutMs,
      interceptors: [createResultParser()],
      typeParsers,
      // The default, DISCARD ALL, is a round trip after each statement, breaks poolers and wipes the one session that all
      // clients of the embedded database share. No statement of ours leaves anything behind in a session.
      resetConnection: async () => {},
      ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
      ...(options.password === undefined ? {} : { password: options.password }),
    });
    // Without a listener an error of an idle connection would end the process.
    pool.on('error', (error) => options.onError?.(error));
    return pool;
  };

  return {
    connect: () => {
      if (ended) {
        return Promise.reject(
          new AppError('shutting_down', 'The instance is stopping.', { retryable: true }),
        );
      }
      if (opened !== null) return opened;
      const opening = open();
      opened = opening;
      opening.catch(() => {
        if (opened === opening) opened = null;
      });
      return opening;
    },
    end: async () => {
      ended = true;
      const pool = await opened?.catch(() => null);
      await pool?.end();
    },
  };
};
