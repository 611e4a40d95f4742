import type { LazyPool } from '../create-pool.ts';
import { translateErrors } from '../translate-errors.ts';
import * as uploads from './upload-queries.ts';
import type { UploadRepository } from './upload-repository.ts';

/**
 * The repository of uploads over a pool.
 * Every method @throws {AppError} database_unavailable (retryable) when the database cannot be reached.
 */
export const createUploadRepository = ({ pool }: { pool: LazyPool }): UploadRepository =>
  translateErrors<UploadRepository>({
    insertUpload: async (upload) => uploads.insertUpload(await pool.connect(), upload),
    findUpload: async (id) => uploads.findUpload(await pool.connect(), id),
    putPart: async (part) =>
      (await pool.connect()).transaction((transaction) => uploads.putPart(transaction, part)),
    completeUpload: async (completion) =>
      (await pool.connect()).transaction((transaction) => uploads.completeUpload(transaction, completion)),
    deleteUpload: async (id) => uploads.deleteUpload(await pool.connect(), id),
    listExpiredUploads: async (now, limit) => uploads.listExpiredUploads(await pool.connect(), now, limit),
  });
