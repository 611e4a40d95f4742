import type { CreateExport, Export, ExportPage } from '../../contract/export.ts';

/** Bytes `from` to `to`, both inclusive, of a ready export. */
export type ExportPiece = { export: Export; from: number; to: number; content: AsyncIterable<Uint8Array> };

/** Which bytes are wanted: from an offset on, or so many at the end. */
export type WantedBytes = { from: number; to: number | null } | { last: number };

/** Files made of what is recorded. All methods @throw {AppError} not_found for an unknown export, or one that has expired. */
export type ExportService = {
  /** A small one is made at once, of a larger one the beginning: it is `ready` or `running`. */
  create(request: CreateExport, caller: { apiKeyId: string | null }): Promise<Export>;
  get(id: string): Promise<Export>;
  list(page: { limit: number; cursor?: string | undefined }): Promise<ExportPage>;
  /**
   * At most `maxPieceBytes` of the file. null: all of it.
   * @throws {AppError} conflict while it isn't ready; range_not_satisfiable when it has no such bytes, or all
   *   of it is more than a piece
   */
  read(id: string, wanted: WantedBytes | null): Promise<ExportPiece>;
  delete(id: string): Promise<void>;
  /** Gives exports that stand still a new orchestration, or up; deletes those that have expired. @returns how many were deleted */
  tend(): Promise<number>;
};
