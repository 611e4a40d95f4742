import type { ExportReport } from './export-conductor.ts';

export type ExportTurnLimits = {
  /** No new part is begun later. */
  withinMs: number;
  /** Left out: as many as there are. */
  maxParts?: number;
  /** A part ends behind the page of rows that makes it so large, before compression. */
  partBytes?: number;
};

/** The workers of exports. */
export type ExportRunner = {
  /**
   * Goes on with an export where it stands. Two at once do no harm: of the same part the first that is kept counts, and the other
   * worker stops. @throws {AppError} database_unavailable, storage_unavailable; what is written stays
   */
  runTurn(exportId: string, limits: ExportTurnLimits): Promise<ExportReport>;
  /** Ends turns behind the part that is being written. */
  stop(): Promise<void>;
};
