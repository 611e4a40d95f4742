import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createFolderArtifactStore } from '../../../src/artifacts/folder-artifact-store.ts';
import type { Upload } from '../../../src/contract/upload.ts';
import { createPool } from '../../../src/db/create-pool.ts';
import { createUploadRepository } from '../../../src/db/uploads/create-upload-repository.ts';
import { createUploadService } from '../../../src/services/uploads/create-upload-service.ts';
import type { GivenQuestion, QuestionFile } from '../../../src/services/uploads/question-file.ts';
import { pieces } from '../../support/byte-pieces.ts';
import { createTestDatabase } from '../../support/test-database.ts';

export const sha256 = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex');

export const questionsOf = async (file: QuestionFile): Promise<GivenQuestion[]> => {
  const questions: GivenQuestion[] = [];
  for await (const question of file.questions()) questions.push(question);
  return questions;
};

/** Keys of the questions; faults where a line has some. */
export const keysOf = async (file: QuestionFile) =>
  (await questionsOf(file)).map((question) => ('item' in question ? question.item.itemKey : question.faults));

/** The service over a database and a folder of its own, with a clock that stands still. */
export const openUploads = async () => {
  const database = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'sq-uploads-'));
  const pool = createPool({ databaseUrl: database.url, size: 4 });
  const repository = createUploadRepository({ pool });
  const artifacts = createFolderArtifactStore({ folder });
  const clock = { now: Date.UTC(2026, 0, 1) };
  const service = createUploadService({ repository, artifacts, now: () => clock.now });
  const put = (id: string, partNumber: number, content: string | Uint8Array): Promise<Upload> =>
    service.putPart(id, { partNumber, sha256: sha256(content), content: pieces(content) });
  return {
    service,
    artifacts,
    clock,
    put,
    create: (contentEncoding: Upload['contentEncoding'] = 'identity') =>
      service.create({ contentEncoding }, { apiKeyId: null }),
    /** Uploads the content in parts of `partBytes` and completes it. */
    upload: async (
      content: Uint8Array,
      contentEncoding: Upload['contentEncoding'] = 'identity',
      partBytes = 1_000_000,
    ): Promise<Upload> => {
      const { id } = await service.create({ contentEncoding }, { apiKeyId: null });
      const partCount = Math.max(1, Math.ceil(content.byteLength / partBytes));
      for (let index = 0; index < partCount; index += 1) {
        await put(id, index + 1, content.subarray(index * partBytes, (index + 1) * partBytes));
      }
      return service.complete(id, { partCount, sha256: sha256(content) });
    },
    /** Names of all files that are kept for this. */
    files: async (name: string): Promise<string[]> => {
      const below = join(folder, name);
      const entries = await readdir(below, { recursive: true, withFileTypes: true }).catch(() => []);
      const names = entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));
      return names.map((path) => relative(below, path)).toSorted();
    },
    close: async () => {
      await pool.end();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
export type OpenUploads = Awaited<ReturnType<typeof openUploads>>;
