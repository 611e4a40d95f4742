import type { CreateInference, Inference, InferenceDetail, InferenceFilter } from '../contract/inference.ts';
import type { Page, PageRequest } from '../db/inference-repository.ts';

export type InferenceCaller = {
  requestId: string | null;
  apiKeyId: string | null;
  /** Whose `Idempotency-Key`s and shared questions these are, where it isn't the key's id. */
  callerId?: string | null | undefined;
  /** The caller's `Idempotency-Key`, as sent. */
  idempotencyKey?: string | undefined;
};

export type InferenceRun = {
  inference: Inference;
  /** True when an earlier request with the same Idempotency-Key is answered again. */
  replayed: boolean;
  /** True when the answer was shared with an identical request in flight (`shareIdentical`). */
  shared: boolean;
};

/** The product's first rule set: one question in, one recorded answer out. */
export type InferenceService = {
  /**
   * @throws {AppError} before anything is stored or sent: invalid_request (faults name the field),
   *   input_too_long, idempotency_mismatch, idempotency_in_progress. A failed call to the provider is no throw but a recorded outcome.
   */
  run(request: CreateInference, caller: InferenceCaller): Promise<InferenceRun>;
  /** @throws {AppError} not_found */
  get(id: string): Promise<InferenceDetail>;
  list(filter: InferenceFilter, page: PageRequest): Promise<Page<Inference>>;
  /** Settles runs whose caller died. @returns how many. */
  sweep(): Promise<number>;
};
