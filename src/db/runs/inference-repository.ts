import type { ApiKey, Scope } from '../../contract/api-key.ts';
import type {
  Inference,
  InferenceDetail,
  InferenceFailure,
  InferenceFilter,
  Message,
  Metadata,
  Outcome,
  Parameters,
  Preprocessing,
  Usage,
} from '../../contract/inference.ts';

/** A run at the moment its first attempt is about to be sent (the write-ahead half of the ledger). */
export type NewRun = {
  id: string;
  provider: string;
  model: string;
  messages: readonly Message[];
  originalMessages: readonly Message[] | null;
  parameters: Parameters;
  preprocessing: Preprocessing | null;
  metadata: Metadata;
  /** SHA-256 (hex) of provider, model, messages and parameters: equal questions have equal hashes. */
  requestHash: string;
  requestId: string | null;
  apiKeyId: string | null;
  batchId: string | null;
  /** The trace it is part of, 32 hexadecimal digits; left out: it isn't traced. */
  traceId?: string | null | undefined;
  /** Its answer is heard while it comes, and can be stopped; left out: it isn't. */
  streamed?: boolean | undefined;
  createdAt: Date;
  /** Past this the sweep may declare the run lost: the caller's deadline + 30 s. */
  leaseUntil: Date;
  /** Id of the first attempt, written in the same statement. */
  attemptId: string;
};

/** What became of one attempt. */
export type AttemptSettlement = {
  attemptId: string;
  outcome: Outcome;
  settledAt: Date;
  latencyMs: number;
  /** Until the first text arrived; left out: the answer was not streamed. */
  firstTokenMs?: number | null | undefined;
  httpStatus: number | null;
  error: InferenceFailure | null;
  retryAfterMs: number | null;
  providerRequestId: string | null;
  servedModel: string | null;
  usage: Usage | null;
  costUsd: string | null;
  rateLimit: Record<string, string> | null;
  /** The vendor's answer or error body, as it came. */
  raw: unknown;
};

/** A further attempt of a run, written before its socket opens. */
export type NewAttempt = { id: string; runId: string; attemptNumber: number; startedAt: Date };

/** The settling half: the run's outcome and its last attempt, in one statement. */
export type RunSettlement = {
  runId: string;
  outcome: Outcome;
  detail: string | null;
  text: string | null;
  finishReason: string | null;
  servedModel: string | null;
  usage: Usage | null;
  /** Sum over the attempts; null when any part of it is unknown. */
  costUsd: string | null;
  priceId: string | null;
  latencyMs: number;
  /** Until the first text arrived; left out: the answer was not streamed. */
  firstTokenMs?: number | null | undefined;
  attemptCount: number;
  error: InferenceFailure | null;
  contentFilter: Record<string, unknown>[] | null;
  providerRequestId: string | null;
  systemFingerprint: string | null;
  /** Parameters the call left out because the model refuses them. */
  omittedParameters: readonly string[] | null;
  settledAt: Date;
  lastAttempt: AttemptSettlement;
};

/** A claim of an `Idempotency-Key`: hash of key and caller, and a fingerprint of the request. */
export type IdempotencyClaim = { keyHash: string; fingerprint: string; expiresAt: Date };
export type ClaimResult = { claimed: true } | { claimed: false; fingerprint: string; inferenceId: string };

/** A streamed run that somebody wants to be stopped. */
export type CancelRequest = { id: string; requestedAt: Date };

export type Price = {
  id: string;
  /** USD for one million tokens, decimal strings; null: no such price is known. */
  inputPerMillion: string;
  cachedInputPerMillion: string | null;
  outputPerMillion: string;
  reasoningPerMillion: string | null;
};

export type PageRequest = { limit: number; cursor?: string | undefined };
export type Page<Item> = { data: Item[]; nextCursor: string | null };

export type ProviderStats = {
  provider: string;
  model: string;
  runCount: number;
  outcomeCounts: Partial<Record<Outcome, number>>;
  inputTokens: number | null;
  outputTokens: number | null;
  costUsd: string | null;
  /** Runs whose cost is unknown: `costUsd` leaves them out. */
  unknownCostCount: number;
  latencyMsP50: number | null;
  latencyMsP95: number | null;
};

/** A key as stored, with what is needed to check a presented one. */
export type StoredApiKey = ApiKey & { hash: Buffer };
export type NewApiKey = {
  id: string;
  hash: Buffer;
  prefix: string;
  owner: string;
  scopes: readonly Scope[];
  expiresAt: Date | null;
  rotatedFrom: string | null;
  createdAt: Date;
};
export type StoredSession = { apiKeyId: string; expiresAt: string };
/** A session that was opened with an Entra token: what the token said. */
export type EntraSession = { callerId: string; owner: string; scopes: Scope[]; expiresAt: string };
export type NewEntraSession = EntraSession & { tokenHash: Buffer; rulesHash: Buffer };

/** The one door to the database; statements live in the `*-queries.ts` files beside it. */
export type InferenceRepository = {
  /** Commits a run as `sending` with its first attempt. Group-committed: resolves when the row is durable. */
  insertRun(run: NewRun): Promise<void>;
  /** Like `insertRun`, in one transaction with the claim of an idempotency key. */
  insertRunOnce(run: NewRun, claim: IdempotencyClaim): Promise<ClaimResult>;
  /** Settles attempt n and appends attempt n+1 as `sending`, in one transaction. May be repeated when its answer is lost. */
  continueRun(settled: AttemptSettlement, next: NewAttempt): Promise<void>;
  /** Settles run and last attempt. Group-committed. A run that is already settled by its own call stays as it is. */
  settleRun(settlement: RunSettlement): Promise<void>;
  /** Bulk insert of runs with their settlements (imports, demo data), by unnest in one transaction. */
  insertSettledRuns(runs: readonly { run: NewRun; settlement: RunSettlement }[]): Promise<void>;
  /** Marks a streamed run that is still being sent as to be stopped; a second request keeps the time of the first. @returns false: it is no such run */
  requestCancel(id: string, at: Date): Promise<boolean>;
  /** Those of the given runs that are to be stopped. */
  findCancelRequests(ids: readonly string[]): Promise<CancelRequest[]>;
  /** Turns runs whose lease has expired into `unknown_outcome`, with their open attempts. @returns how many runs. */
  sweepExpiredRuns(now: Date, limit: number): Promise<number>;

  findInference(id: string): Promise<InferenceDetail | null>;
  findIdempotencyClaim(keyHash: string): Promise<{ fingerprint: string; inferenceId: string } | null>;
  /** Newest first, by keyset. @throws {AppError} invalid_request for a cursor that is not ours. */
  listInferences(filter: InferenceFilter, page: PageRequest): Promise<Page<Inference>>;
  /** Full text first, parts of words by trigrams. Best match first, among those that the filter finds. */
  searchPrompts(text: string, limit: number, filter?: InferenceFilter): Promise<Inference[]>;
  countInferences(filter: InferenceFilter): Promise<number>;
  providerStats(filter: InferenceFilter): Promise<ProviderStats[]>;

  /** The price in force under a name at a time; null when none is known. `*` is the name of that of all other models. */
  findPrice(provider: string, model: string, at: Date): Promise<Price | null>;

  insertApiKey(key: NewApiKey): Promise<ApiKey>;
  /** Does nothing when a key with this hash exists, revoked ones included. */
  insertApiKeyIfAbsent(key: NewApiKey): Promise<void>;
  findApiKeyByHash(hash: Buffer): Promise<StoredApiKey | null>;
  findApiKey(id: string): Promise<StoredApiKey | null>;
  listApiKeys(page: PageRequest): Promise<Page<ApiKey>>;
  /**
   * In one transaction: inserts the new key and lets the old one end at `oldExpiresAt`.
   * @returns null when the old one is gone, revoked or has a successor already.
   */
  rotateApiKey(oldId: string, oldExpiresAt: Date, next: NewApiKey): Promise<ApiKey | null>;
  /** @returns null when there is no such key. Revoking twice keeps the first time. Ends the key's sessions. */
  revokeApiKey(id: string, at: Date): Promise<ApiKey | null>;
  touchApiKey(id: string, at: Date): Promise<void>;
  insertSession(session: { tokenHash: Buffer; apiKeyId: string; expiresAt: Date }): Promise<void>;
  findSession(tokenHash: Buffer): Promise<StoredSession | null>;
  insertEntraSession(session: NewEntraSession): Promise<void>;
  /** @returns null also for one that was opened under other rules */
  findEntraSession(tokenHash: Buffer, rulesHash: Buffer): Promise<EntraSession | null>;
  /** Of either kind. */
  deleteSession(tokenHash: Buffer): Promise<void>;

  /** Cheap round trip. @throws when the database does not answer. */
  ping(): Promise<void>;
  /** Whether every migration this build knows has been applied. */
  migrationsApplied(): Promise<boolean>;
  /** Runs `work` on one connection in one transaction; the repository handed in has no group commit. */
  transaction<Result>(work: (repository: InferenceRepository) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
};
