import type {
  CreateInference,
  Inference,
  InferenceDetail,
  InferenceFilter,
} from '../../contract/inference.ts';
import type { InferenceStart } from '../../contract/inference-event.ts';
import type { Page, PageRequest } from '../../db/runs/inference-repository.ts';

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

/** Hears a streamed inference. Neither call may throw. */
export type InferenceListener = {
  /** The run is committed and about to be asked. Not called where an earlier answer is replayed. */
  onStart(start: InferenceStart): void;
  onDelta(text: string): void;
};

/** `accepted` is false when it had ended before. */
export type CancelledInference = { inference: Inference; accepted: boolean };

/** The product's first rule set: one question in, one recorded answer out. */
export type InferenceService = {
  /**
   * @throws {AppError} before anything is stored or sent: invalid_request (faults name the field),
   *   input_too_long, idempotency_mismatch, idempotency_in_progress. A failed call to the provider is no throw but a recorded outcome.
   *
   * @param listener makes it a streamed one: told of the answer while it comes. Its record is the same, it may be stopped, lasts
   *   seven minutes at most, and is never shared.
   */
  run(request: CreateInference, caller: InferenceCaller, listener?: InferenceListener): Promise<InferenceRun>;
  /**
   * Asks for a streamed inference to be stopped, whichever instance runs it. One that has ended stays as it is.
   * @throws {AppError} not_found, conflict when it is under way and not streamed
   */
  cancel(id: string): Promise<CancelledInference>;
  /** @throws {AppError} not_found */
  get(id: string): Promise<InferenceDetail>;
  list(filter: InferenceFilter, page: PageRequest): Promise<Page<Inference>>;
  /** Settles runs whose caller died. @returns how many. */
  sweep(): Promise<number>;
};
