import type { Upload } from '../../src/contract/upload.ts';
import { AppError } from '../../src/errors.ts';
import type { UploadService } from '../../src/services/uploads/upload-service.ts';

/** A service in memory that knows one upload, which is open and empty whatever is done to it. */
export const fakeUploads = (knownId: string): UploadService => {
  const upload: Upload = {
    id: knownId,
    name: null,
    contentEncoding: 'identity',
    status: 'open',
    bytes: 0,
    parts: [],
    sha256: null,
    createdAt: '2026-01-02T03:04:05.000Z',
    expiresAt: '2026-01-03T03:04:05.000Z',
  };
  const find = async (id: string) => {
    if (id !== knownId) throw new AppError('not_found', `There is no upload ${id}.`);
    return upload;
  };
  const noQuestions = async () => ({
    sha256: '0'.repeat(64),
    async *questions() {},
    dispose: async () => {},
  });
  return {
    create: async () => upload,
    get: find,
    putPart: find,
    complete: find,
    delete: async (id) => {
      await find(id);
    },
    openQuestions: noQuestions,
    spoolQuestions: noQuestions,
    expire: async () => 0,
  };
};
