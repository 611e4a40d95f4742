import type { Upload, UploadPart } from '../../contract/upload.ts';

export type NewUpload = {
  id: string;
  name: string | null;
  contentEncoding: Upload['contentEncoding'];
  apiKeyId: string | null;
  createdAt: Date;
  expiresAt: Date;
};

export type NewUploadPart = UploadPart & {
  uploadId: string;
  /** The upload lives until then at least. */
  expiresAt: Date;
};

export type UploadCompletion = {
  id: string;
  /** Of the whole. */
  sha256: string;
  /** The parts that the whole was read from. */
  parts: readonly UploadPart[];
  expiresAt: Date;
};

/** `upload`: as it is now. `refused`: nothing was changed, because it is completed, or its parts are not those any more. */
export type UploadChange =
  | { upload: Upload; refused: null }
  | { upload: null; refused: 'completed' | 'parts_changed' };

/** Uploads and their parts; the bytes are elsewhere. null: there is no such upload. */
export type UploadRepository = {
  insertUpload(upload: NewUpload): Promise<Upload>;
  findUpload(id: string): Promise<Upload | null>;
  /** Adds a part or replaces it, while the upload is open. */
  putPart(part: NewUploadPart): Promise<UploadChange | null>;
  /** Closes an open upload whose parts are still those given. */
  completeUpload(completion: UploadCompletion): Promise<UploadChange | null>;
  /** @returns whether there was one */
  deleteUpload(id: string): Promise<boolean>;
  /** Ids of uploads whose time has passed, oldest first. */
  listExpiredUploads(now: Date, limit: number): Promise<string[]>;
};
