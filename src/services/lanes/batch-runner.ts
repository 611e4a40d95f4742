/** One turn of a lane: which batch, in which generation, and which of its lanes. Travels through Durable. */
export type LaneTurn = { batchId: string; generation: number; lane: number; round: number };

/** What a turn came to. Travels through Durable: only counts and a time. */
export type LaneReport = {
  /** `done`: nothing is left for this lane. `again`: its time is over. `wait`: nothing can be asked before `until`. */
  next: 'done' | 'again' | 'wait';
  /** RFC 3339; null unless it waits. */
  until: string | null;
  /** Questions sent. */
  asked: number;
  /** Items that ended. */
  settled: number;
};

/** The workers of batches. */
export type BatchRunner = {
  /**
   * Leases items and asks them until nothing is left, nothing can be asked for a while, or the time of a turn is over; ends itself
   * well before the platform would.
   * @throws {AppError} database_unavailable; what was under way is settled first where that is possible
   */
  runLane(turn: LaneTurn): Promise<LaneReport>;
  /** Whether a lane has its turn in this process. */
  isAtWork(): boolean;
  /** Takes nothing new; resolves when what is under way has been settled. */
  stop(): Promise<void>;
};
