/** Starts the orchestrations of exports. Whatever it loses, the tick starts again. */
export type ExportConductor = {
  /** Does nothing when this generation's orchestration is there already. */
  startExport(started: { id: string; generation: number }): Promise<void>;
};

/** One turn of the work on an export. Travels through Durable. */
export type ExportTurn = { exportId: string; generation: number; round: number };

/** `again`: its time is over, and more is to be written. Travels through Durable. */
export type ExportReport = { next: 'done' | 'again' };
