/** Large files by name, outside the database: uploads on their way in, exports on their way out. */
export type ArtifactStore = {
  /**
   * Writes a file whole or not at all; one of the same name is replaced.
   * @param name words of letters, digits, dots and dashes, separated by slashes
   * @returns its size in bytes and its SHA-256 (hex)
   * @throws what `content` throws; {AppError} conflict when somebody else wrote or deleted it meanwhile, and storage_unavailable
   */
  write(name: string, content: AsyncIterable<Uint8Array>): Promise<{ bytes: number; sha256: string }>;
  /** @throws {AppError} not_found, at the first piece */
  read(name: string): AsyncIterable<Uint8Array>;
  /** Deletes the file of this name, or everything below it. What isn't there is no fault. */
  delete(name: string): Promise<void>;
};
