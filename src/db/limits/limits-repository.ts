/** The upper bound of what one run may cost. */
export type ReservationRequest = {
  runId: string;
  /** USD, decimal string. */
  usd: string;
  tokens: number;
  expiresAt: Date;
};

/**
 * `granted`: reserved, from every budget. `later`: it would fit if reservations of others came to less than their bound.
 * `never`: what is spent leaves no room for it.
 */
export type ReservationResult = 'granted' | 'later' | 'never';

export type RateRequest = {
  provider: string;
  /** Configured limits; null: none of this kind. */
  requestsPerMinute: number | null;
  tokensPerMinute: number | null;
  /** One entry a call: the tokens that it may come to. */
  calls: readonly number[];
  /** A call that would have to wait for longer is refused. */
  maxWaitMs: number;
  now: Date;
};

/** `sendAt`: wait until then, then send. `retryAt`: not booked; ask again then. */
export type RateResult = { sendAt: Date } | { retryAt: Date };

export type SlotRequest = {
  provider: string;
  /** The worker; asking again renews and changes its share. */
  holder: string;
  wanted: number;
  /** The configured number of calls at once, over all workers. */
  max: number;
  now: Date;
  expiresAt: Date;
};

export type Slowdown = {
  provider: string;
  now: Date;
  /** What the provider asked for; null: nothing, its pace is reduced only. */
  blockedUntil: Date | null;
  /** Whether it refused a call as one too many (429): its limits are halved, once a second at most. */
  slowDown: boolean;
};

export type ProviderPace = {
  provider: string;
  /** null: nothing holds calls back. */
  blockedUntil: string | null;
  /** Share of the configured limits that is in force, from 0 to 1. */
  paceShare: number;
};

/** Money and pace, correct over any number of processes. */
export type LimitsRepository = {
  /**
   * Reserves from all of `budgetIds` or none, each request for itself, in order. One statement when all fit.
   * A budget that does not exist has no room.
   */
  reserve(
    budgetIds: readonly string[],
    requests: readonly ReservationRequest[],
  ): Promise<ReservationResult[]>;
  /** Frees reservations of runs that were never begun. */
  cancelReservations(runIds: readonly string[], now: Date): Promise<void>;
  /** Expired reservations are spent when their question may have been sent, and freed otherwise. @returns how many */
  expireReservations(now: Date, limit: number): Promise<number>;
  /** Books calls by the generic cell rate algorithm. Results stand in the order of the calls. */
  takeRate(request: RateRequest): Promise<RateResult[]>;
  /** @returns how many calls this worker may have under way until `expiresAt`; ask again well before. */
  holdSlots(request: SlotRequest): Promise<number>;
  releaseSlots(provider: string, holder: string): Promise<void>;
  slowProvider(slowdown: Slowdown): Promise<void>;
  /** Of the providers that have a pace: those that were ever slowed or asked under a limit. */
  providerPaces(now: Date): Promise<readonly ProviderPace[]>;
};
