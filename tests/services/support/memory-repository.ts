import type {
  AttemptSettlement,
  EntraSession,
  InferenceRepository,
  NewApiKey,
  NewAttempt,
  NewRun,
  RunSettlement,
  StoredApiKey,
} from '../../../src/db/runs/inference-repository.ts';
import { toInference } from '../../../src/services/inferences/to-inference.ts';

type MemoryRun = {
  run: NewRun;
  settlement: RunSettlement | null;
  continued: [AttemptSettlement, NewAttempt][];
};

const notHere = (): never => {
  throw new Error('not part of this fake');
};

/** The repository's rules that services rely on, without a database. `calls` is the order of the writes. */
export const createMemoryRepository = () => {
  const runs = new Map<string, MemoryRun>();
  const claims = new Map<string, { fingerprint: string; inferenceId: string }>();
  const keys = new Map<string, StoredApiKey>();
  const sessions = new Map<string, { apiKeyId: string; expiresAt: string }>();
  const entraSessions = new Map<string, EntraSession & { rulesHash: Buffer }>();
  const prices = new Map<string, Awaited<ReturnType<InferenceRepository['findPrice']>>>();
  const calls: string[] = [];
  const keyRow = (key: NewApiKey): StoredApiKey => ({
    id: key.id,
    hash: key.hash,
    prefix: key.prefix,
    owner: key.owner,
    scopes: [...key.scopes],
    createdAt: key.createdAt.toISOString(),
    expiresAt: key.expiresAt?.toISOString() ?? null,
    revokedAt: null,
    lastUsedAt: null,
    rotatedFrom: key.rotatedFrom,
  });
  const publicKey = ({ hash: _, ...key }: StoredApiKey) => key;
  const keyById = (id: string) => [...keys.values()].find((key) => key.id === id) ?? null;

  const repository: InferenceRepository = {
    insertRun: async (run) => {
      calls.push('insertRun');
      runs.set(run.id, { run, settlement: null, continued: [] });
    },
    insertRunOnce: async (run, claim) => {
      calls.push('insertRunOnce');
      const earlier = claims.get(claim.keyHash);
      if (earlier !== undefined) return { claimed: false, ...earlier };
      claims.set(claim.keyHash, { fingerprint: claim.fingerprint, inferenceId: run.id });
      runs.set(run.id, { run, settlement: null, continued: [] });
      return { claimed: true };
    },
    continueRun: async (settled, next) => {
      calls.push('continueRun');
      runs.get(next.runId)?.continued.push([settled, next]);
    },
    settleRun: async (settlement) => {
      calls.push('settleRun');
      const stored = runs.get(settlement.runId);
      if (stored !== undefined) stored.settlement = settlement;
    },
    findInference: async (id) => {
      const stored = runs.get(id);
      if (stored === undefined) return null;
      const settlement = stored.settlement;
      if (settlement !== null) return { ...toInference(stored.run, settlement), attempts: [], rawAnswer: {} };
      const sending = toInference(stored.run, { settledAt: new Date(0) } as RunSettlement);
      return { ...sending, status: 'sending', outcome: null, settledAt: null, attempts: [], rawAnswer: null };
    },
    requestCancel: async () => false,
    findCancelRequests: async () => [],
    findPrice: async (provider, model) => prices.get(`${provider}/${model}`) ?? null,
    sweepExpiredRuns: async () => 0,
    insertApiKey: async (key) => {
      const row = keyRow(key);
      keys.set(key.hash.toString('hex'), row);
      return publicKey(row);
    },
    insertApiKeyIfAbsent: async (key) => {
      calls.push('insertApiKeyIfAbsent');
      const hash = key.hash.toString('hex');
      if (!keys.has(hash)) keys.set(hash, keyRow(key));
    },
    findApiKeyByHash: async (hash) => {
      calls.push('findApiKeyByHash');
      return keys.get(hash.toString('hex')) ?? null;
    },
    findApiKey: async (id) => keyById(id),
    listApiKeys: async () => ({ data: [...keys.values()].map(publicKey), nextCursor: null }),
    rotateApiKey: async (oldId, oldExpiresAt, next) => {
      const old = keyById(oldId);
      if (old === null || [...keys.values()].some(({ rotatedFrom }) => rotatedFrom === oldId)) return null;
      keys.set(old.hash.toString('hex'), { ...old, expiresAt: oldExpiresAt.toISOString() });
      return repository.insertApiKey(next);
    },
    revokeApiKey: async (id, at) => {
      const key = keyById(id);
      if (key === null) return null;
      const revoked = { ...key, revokedAt: key.revokedAt ?? at.toISOString() };
      keys.set(key.hash.toString('hex'), revoked);
      return publicKey(revoked);
    },
    touchApiKey: async (id, at) => {
      calls.push('touchApiKey');
      const key = keyById(id);
      if (key !== null) keys.set(key.hash.toString('hex'), { ...key, lastUsedAt: at.toISOString() });
    },
    insertSession: async ({ tokenHash, apiKeyId, expiresAt }) => {
      sessions.set(tokenHash.toString('hex'), { apiKeyId, expiresAt: expiresAt.toISOString() });
    },
    findSession: async (tokenHash) => sessions.get(tokenHash.toString('hex')) ?? null,
    insertEntraSession: async ({ tokenHash, ...session }) => {
      entraSessions.set(tokenHash.toString('hex'), session);
    },
    findEntraSession: async (tokenHash, wanted) => {
      const found = entraSessions.get(tokenHash.toString('hex'));
      if (found === undefined || !found.rulesHash.equals(wanted)) return null;
      const { rulesHash: _, ...session } = found;
      return session;
    },
    deleteSession: async (tokenHash) => {
      sessions.delete(tokenHash.toString('hex'));
      entraSessions.delete(tokenHash.toString('hex'));
    },
    findIdempotencyClaim: async (keyHash) => claims.get(keyHash) ?? null,
    ping: async () => {},
    migrationsApplied: async () => true,
    insertSettledRuns: notHere,
    listInferences: notHere,
    searchPrompts: notHere,
    countInferences: notHere,
    providerStats: notHere,
    transaction: notHere,
    close: async () => {},
  };
  return { repository, runs, claims, keys, sessions, prices, calls };
};
