import { randomUUIDv7 } from 'node:crypto';
import type { ArtifactStore } from '../../artifacts/artifact-store.ts';
import { maxFileBytes, maxPartBytes, maxPartCount, type Upload } from '../../contract/upload.ts';
import type { UploadRepository } from '../../db/uploads/upload-repository.ts';
import { AppError } from '../../errors.ts';
import { gunzipStream } from './gunzip-stream.ts';
import { limitBytes } from './limit-bytes.ts';
import type { QuestionFile } from './question-file.ts';
import { readQuestionLines } from './read-question-lines.ts';
import {
  bodyArtifact,
  hashParts,
  partArtifact,
  readParts,
  requireAllParts,
  uploadArtifact,
} from './upload-parts.ts';
import type { UploadService } from './upload-service.ts';
import { verifyBytes } from './verify-bytes.ts';

export type UploadServiceDependencies = {
  repository: UploadRepository;
  artifacts: ArtifactStore;
  /** Epoch ms. */
  now?: () => number;
  newId?: () => string;
};

/** How long an upload is kept after its last part or its completion. */
const keptMs = 24 * 60 * 60 * 1000;
/** What one request may hold. */
const maxSpoolBytes = 16 * 1024 * 1024;
/** Uploads deleted by one call of `expire`. */
const maxExpired = 100;

const notFound = (id: string) => new AppError('not_found', `There is no upload ${id}.`);
const completed = () => new AppError('conflict', 'The upload is completed and takes no more parts.');

const questionsOf = (
  read: () => AsyncIterable<Uint8Array>,
  contentEncoding: Upload['contentEncoding'],
): QuestionFile['questions'] =>
  contentEncoding === 'gzip'
    ? () => readQuestionLines(gunzipStream(read(), maxFileBytes))
    : () => readQuestionLines(read());

/** Uploads: bytes in the artifact store, facts in the database. A row never tells of bytes that are not kept yet. */
export const createUploadService = (dependencies: UploadServiceDependencies): UploadService => {
  const { repository, artifacts, now = Date.now, newId = randomUUIDv7 } = dependencies;
  const expiry = () => new Date(now() + keptMs);
  const insert = (name: string | null, contentEncoding: Upload['contentEncoding'], apiKeyId: string | null) =>
    repository.insertUpload({
      id: newId(),
      name,
      contentEncoding,
      apiKeyId,
      createdAt: new Date(now()),
      expiresAt: expiry(),
    });

  /** What has expired is gone for callers, though not deleted yet. */
  const get = async (id: string): Promise<Upload> => {
    const upload = await repository.findUpload(id);
    if (upload === null || Date.parse(upload.expiresAt) <= now()) throw notFound(id);
    return upload;
  };

  /** Files first: a row whose files are gone is found again by the next call, files without a row are not. */
  const remove = async (id: string): Promise<boolean> => {
    await artifacts.delete(uploadArtifact(id));
    return repository.deleteUpload(id);
  };

  /** @throws {AppError} conflict unless the request states what was completed */
  const requireSame = (upload: Upload, partCount: number, sha256: string | undefined): Upload => {
    const isSame = upload.parts.length === partCount && (sha256 ?? upload.sha256) === upload.sha256;
    if (!isSame) throw new AppError('conflict', 'The upload is completed already, as another file.');
    return upload;
  };

  return {
    create: ({ name, contentEncoding }, { apiKeyId }) => insert(name ?? null, contentEncoding, apiKeyId),

    get,

    putPart: async (id, { partNumber, sha256, content }) => {
      if (!(Number.isInteger(partNumber) && partNumber >= 1 && partNumber <= maxPartCount)) {
        throw new AppError('invalid_request', `Parts have the numbers 1 to ${maxPartCount}.`, {
          faults: [{ pointer: '{partNumber}', message: `must be 1 to ${maxPartCount}` }],
        });
      }
      const upload = await get(id);
      if (upload.status === 'completed') throw completed();
      const others = upload.parts.filter((part) => part.partNumber !== partNumber);
      const roomBytes = maxFileBytes - others.reduce((sum, part) => sum + part.bytes, 0);
      const limited =
        roomBytes < maxPartBytes
          ? limitBytes(content, roomBytes, `All parts together may have ${maxFileBytes} bytes at most.`)
          : limitBytes(content, maxPartBytes, `A part may have ${maxPartBytes} bytes at most (8 MiB).`);
      const written = await artifacts.write(partArtifact(id, partNumber), verifyBytes(limited, sha256));
      const change = await repository.putPart({
        uploadId: id,
        partNumber,
        ...written,
        expiresAt: expiry(),
      });
      if (change === null) {
        // Deleted while the bytes arrived: what was just written would stay for ever.
        await artifacts.delete(uploadArtifact(id));
        throw notFound(id);
      }
      if (change.upload === null) throw completed();
      return change.upload;
    },

    complete: async (id, { partCount, sha256 }) => {
      const upload = await get(id);
      if (upload.status === 'completed') return requireSame(upload, partCount, sha256);
      requireAllParts(upload.parts, partCount);
      if (upload.bytes > maxFileBytes) {
        throw new AppError('payload_too_large', `All parts together may have ${maxFileBytes} bytes at most.`);
      }
      const whole = await hashParts(artifacts, upload);
      if (sha256 !== undefined && sha256 !== whole) {
        throw new AppError('invalid_request', 'The parts together are another file than the SHA-256 says.', {
          faults: [{ pointer: '/sha256', message: 'is not that of all parts together' }],
        });
      }
      const change = await repository.completeUpload({
        id,
        sha256: whole,
        parts: upload.parts,
        expiresAt: expiry(),
      });
      if (change === null) throw notFound(id);
      if (change.upload !== null) return change.upload;
      if (change.refused === 'completed') return requireSame(await get(id), partCount, sha256 ?? whole);
      throw new AppError('conflict', 'A part was replaced meanwhile; complete the upload once all are sent.');
    },

    delete: async (id) => {
      await get(id);
      if (!(await remove(id))) throw notFound(id);
    },

    openQuestions: async (id) => {
      const upload = await get(id);
      if (upload.sha256 === null) throw new AppError('conflict', 'The upload is not completed yet.');
      return {
        sha256: upload.sha256,
        questions: questionsOf(() => readParts(artifacts, upload), upload.contentEncoding),
        dispose: async () => {},
      };
    },

    spoolQuestions: async (content, contentEncoding) => {
      // A row of its own: what is left when this process dies is found by it, and deleted as an upload is.
      const { id } = await insert(null, contentEncoding, null);
      const name = bodyArtifact(id);
      const message = `A body may have ${maxSpoolBytes} bytes at most (16 MiB); upload a larger file in parts.`;
      const dispose = async () => void (await remove(id).catch(() => false));
      try {
        const { sha256 } = await artifacts.write(name, limitBytes(content, maxSpoolBytes, message));
        return { sha256, questions: questionsOf(() => artifacts.read(name), contentEncoding), dispose };
      } catch (error) {
        await dispose();
        throw error;
      }
    },

    expire: async () => {
      const ids = await repository.listExpiredUploads(new Date(now()), maxExpired);
      for (const id of ids) await remove(id);
      return ids.length;
    },
  };
};
