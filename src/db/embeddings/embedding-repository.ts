import type { InferenceFailure, Outcome } from '../../contract/inference.ts';

/** A model that embeds, and how long its vectors are to be; null: as long as it makes them. */
export type EmbeddingModel = { provider: string; model: string; requestedDimensions: number | null };

/** Embeddings of one model in one length: what can be compared with each other. */
export type EmbeddingSpace = {
  id: number;
  /** null: the model has not answered yet. */
  dimensions: number | null;
  /** Failures of the model in a row. */
  failureCount: number;
  /** The model is left alone until then. */
  blockedUntil: Date | null;
  generation: number;
  /** When a durable job last showed that it is there. */
  jobSeenAt: Date | null;
};

/** A prompt that a worker has for itself until its lease is over. */
export type ClaimedPrompt = {
  promptId: number;
  /** Calls that it was to be part of, this one included; also what tells one claim of it from another. */
  attempts: number;
  text: string;
};

export type NewEmbedding = { promptId: number; vector: readonly number[]; isTruncated: boolean };

export type NewEmbeddingCall = {
  id: string;
  spaceId: number;
  purpose: 'index' | 'query';
  provider: string;
  model: string;
  inputCount: number;
  startedAt: Date;
  /** Past this it may be declared lost. */
  leaseUntil: Date;
};

export type EmbeddingCallSettlement = {
  id: string;
  outcome: Outcome;
  settledAt: Date;
  latencyMs: number;
  httpStatus: number | null;
  error: InferenceFailure | null;
  retryAfterMs: number | null;
  providerRequestId: string | null;
  servedModel: string | null;
  inputTokens: number | null;
  costUsd: string | null;
  priceId: string | null;
};

/** What the job behind search by meaning reads and writes. Every claim and every call is committed before it counts. */
export type EmbeddingRepository = {
  /** Notes which prompts settled runs have asked. @returns of how many runs; null: another process is at it */
  notePrompts(mostRuns: number): Promise<number | null>;
  /** The space of a model, made where it is missing. */
  openSpace(model: EmbeddingModel, now: Date): Promise<EmbeddingSpace>;
  /** Fixes how long a space's vectors are, and builds its index. @returns what is fixed, by whomever */
  fixDimensions(spaceId: number, dimensions: number): Promise<number>;
  /** Whether any prompt has an embedding there. */
  hasEmbeddings(spaceId: number): Promise<boolean>;
  /** Takes prompts that wait, longest first, and new ones. No other worker gets them until `leaseUntil`. */
  claimPrompts(claim: {
    spaceId: number;
    limit: number;
    now: Date;
    leaseUntil: Date;
    isJob: boolean;
  }): Promise<ClaimedPrompt[]>;
  /** Gives claimed prompts back; `isTried` false: as if they had not been claimed. A claim that is over gives back nothing. */
  returnPrompts(
    spaceId: number,
    prompts: readonly Pick<ClaimedPrompt, 'promptId' | 'attempts'>[],
    options: { notBefore: Date; isTried: boolean },
  ): Promise<void>;
  /** Ends the wait of a prompt that the model won't embed. */
  refusePrompt(
    spaceId: number,
    promptId: number,
    refusal: { reason: string; message: string; at: Date },
  ): Promise<void>;

  beginCall(call: NewEmbeddingCall): Promise<void>;
  settleCall(settlement: EmbeddingCallSettlement): Promise<void>;
  /** Settles a call and keeps what it brought, in one transaction. What is there already stays. */
  storeEmbeddings(
    spaceId: number,
    settlement: EmbeddingCallSettlement,
    embeddings: readonly NewEmbedding[],
  ): Promise<void>;
  /** Turns calls past their lease into `unknown_outcome`. @returns how many */
  sweepCalls(now: Date): Promise<number>;

  /** Leaves the model of a space alone for a while. */
  blockSpace(spaceId: number, block: { until: Date; failure: InferenceFailure; at: Date }): Promise<void>;
  /** @returns false: another process has raised it from this */
  raiseGeneration(spaceId: number, from: number): Promise<boolean>;
};
