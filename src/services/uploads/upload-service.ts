import type { CompleteUpload, CreateUpload, Upload } from '../../contract/upload.ts';
import type { QuestionFile } from './question-file.ts';

/** Files that are too large for one request. All methods @throw {AppError} not_found for an unknown upload. */
export type UploadService = {
  create(request: CreateUpload, caller: { apiKeyId: string | null }): Promise<Upload>;
  get(id: string): Promise<Upload>;
  /**
   * Stores a part, or replaces it. @throws {AppError} invalid_request when the bytes are not those of `sha256`,
   *   payload_too_large, conflict when the upload is completed
   */
  putPart(
    id: string,
    part: { partNumber: number; sha256: string; content: AsyncIterable<Uint8Array> },
  ): Promise<Upload>;
  /** @throws {AppError} conflict naming the parts that are missing; invalid_request when the whole is not what it should be */
  complete(id: string, request: CompleteUpload): Promise<Upload>;
  delete(id: string): Promise<void>;
  /** The questions of a completed upload. @throws {AppError} conflict while it is open */
  openQuestions(id: string): Promise<QuestionFile>;
  /** Keeps the lines of a request's body until the file is disposed of, or as long as an upload when that fails. */
  spoolQuestions(
    content: AsyncIterable<Uint8Array>,
    contentEncoding: Upload['contentEncoding'],
  ): Promise<QuestionFile>;
  /** Deletes uploads that nobody went on with. @returns how many */
  expire(): Promise<number>;
};
