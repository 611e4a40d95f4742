import { type CommonQueryMethods, sql } from 'slonik';
import { z } from 'zod';
import * as apiKeys from '../access/api-key-queries.ts';
import * as entraSessions from '../access/entra-session-queries.ts';
import * as sessions from '../access/session-queries.ts';
import { knownMigrations } from '../known-migrations.ts';
import { createPriceBook } from '../pricing/price-book.ts';
import { pricesOf } from '../pricing/price-queries.ts';
import { continueRun } from './attempt-queries.ts';
import * as cancels from './cancel-queries.ts';
import * as idempotency from './idempotency-queries.ts';
import type { InferenceRepository } from './inference-repository.ts';
import * as lists from './list-queries.ts';
import { insertRuns, settleRuns, sweepRuns } from './run-queries.ts';
import { searchPrompts } from './search-queries.ts';
import { providerStats } from './stats-queries.ts';

/** A statement of a bulk insert takes this many rows at most, which keeps its parameters at some MB. */
const bulkRows = 500;

const IsKnown = z.object({ known: z.boolean() });
const MigrationName = z.object({ name: z.string() });

/**
 * The repository with each method as a statement of its own on whatever `connect` gives: the pool, or one transaction.
 */
export const createDirectRepository = (
  connect: () => Promise<CommonQueryMethods>,
  now: () => Date,
): InferenceRepository => {
  const priceBook = createPriceBook({
    now,
    load: async (provider, model) => pricesOf(await connect(), provider, model),
  });

  return {
    insertRun: async (run) => insertRuns(await connect(), [run]),
    insertRunOnce: async (run, claim) => idempotency.insertRunOnce(await connect(), run, claim),
    continueRun: async (settled, next) => continueRun(await connect(), settled, next),
    settleRun: async (settlement) => settleRuns(await connect(), [settlement]),
    insertSettledRuns: async (runs) => {
      await (await connect()).transaction(async (transaction) => {
        for (let start = 0; start < runs.length; start += bulkRows) {
          const chunk = runs.slice(start, start + bulkRows);
          await insertRuns(
            transaction,
            chunk.map(({ run }) => run),
          );
          await settleRuns(
            transaction,
            chunk.map(({ settlement }) => settlement),
          );
        }
      });
    },
    requestCancel: async (id, at) => cancels.requestCancel(await connect(), id, at),
    findCancelRequests: async (ids) => cancels.findCancelRequests(await connect(), ids),
    // What has expired is of no use to anybody, and the sweep comes by every minute.
    sweepExpiredRuns: async (at, limit) => {
      const connection = await connect();
      const count = await sweepRuns(connection, at, limit);
      await idempotency.deleteExpiredClaims(connection, at);
      await sessions.deleteExpiredSessions(connection, at);
      return count;
    },

    findInference: async (id) => lists.findInference(await connect(), id),
    findIdempotencyClaim: async (keyHash) =>
      idempotency.findIdempotencyClaim(await connect(), keyHash, now()),
    listInferences: async (filter, page) => lists.listInferences(await connect(), filter, page),
    searchPrompts: async (text, limit, filter) => searchPrompts(await connect(), text, limit, filter),
    countInferences: async (filter) => lists.countInferences(await connect(), filter),
    providerStats: async (filter) => providerStats(await connect(), filter),

    findPrice: async (provider, model, at) => priceBook.find(provider, model, at),

    insertApiKey: async (key) => apiKeys.insertApiKey(await connect(), key),
    insertApiKeyIfAbsent: async (key) => apiKeys.insertApiKeyIfAbsent(await connect(), key),
    findApiKeyByHash: async (hash) => apiKeys.findApiKeyByHash(await connect(), hash),
    findApiKey: async (id) => apiKeys.findApiKey(await connect(), id),
    listApiKeys: async (page) => apiKeys.listApiKeys(await connect(), page),
    rotateApiKey: async (oldId, oldExpiresAt, next) =>
      apiKeys.rotateApiKey(await connect(), oldId, oldExpiresAt, next),
    revokeApiKey: async (id, at) => apiKeys.revokeApiKey(await connect(), id, at),
    touchApiKey: async (id, at) => apiKeys.touchApiKey(await connect(), id, at),
    insertSession: async (session) => sessions.insertSession(await connect(), session, now()),
    findSession: async (tokenHash) => sessions.findSession(await connect(), tokenHash),
    insertEntraSession: async (session) => entraSessions.insertEntraSession(await connect(), session, now()),
    findEntraSession: async (tokenHash, rulesHash) =>
      entraSessions.findEntraSession(await connect(), tokenHash, rulesHash),
    deleteSession: async (tokenHash) => sessions.deleteSession(await connect(), tokenHash),

    ping: async () => {
      await (await connect()).query(sql.unsafe`select 1`);
    },
    migrationsApplied: async () => {
      const connection = await connect();
      const known = sql.type(IsKnown)`select to_regclass('pgmigrations') is not null as known`;
      if (!(await connection.oneFirst(known))) return false;
      const applied = await connection.anyFirst(sql.type(MigrationName)`select name from pgmigrations`);
      return knownMigrations.every((name) => applied.includes(name));
    },
    transaction: async (work) =>
      (await connect()).transaction((transaction) =>
        work(createDirectRepository(() => Promise.resolve(transaction), now)),
      ),
    close: async () => {},
  };
};
