/** Bytes of a file from an offset on; `bytes` left out: to its end. */
export type ByteRange = { offset: number; bytes?: number | undefined };

/** Large files by name, outside the database: uploads on their way in, exports on their way out. */
export type ArtifactStore = {
  /**
   * Writes a file whole or not at all; one of the same name is replaced.
   * @param name words of letters, digits, dots and dashes, separated by slashes
   * @returns its size in bytes and its SHA-256 (hex)
   * @throws what `content` throws; {AppError} conflict when somebody else wrote or deleted it meanwhile, and storage_unavailable
   */
  write(name: string, content: AsyncIterable<Uint8Array>): Promise<{ bytes: number; sha256: string }>;
  /**
   * The file, or a part of it; what lies behind its end is not there.
   * @throws {AppError} not_found, at the first piece; storage_unavailable
   */
  read(name: string, range?: ByteRange): AsyncIterable<Uint8Array>;
  /** Deletes the file of this name, or everything below it. What isn't there is no fault. @throws {AppError} storage_unavailable */
  delete(name: string): Promise<void>;
};
