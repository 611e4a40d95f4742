import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../errors.ts';
import { checkArtifactName } from './artifact-name.ts';
import type { ArtifactStore } from './artifact-store.ts';

const pieceBytes = 64 * 1024;

/** Files are for this process only: they hold what callers sent. */
const [folderMode, fileMode] = [0o700, 0o600];

/** Not `instanceof Error`: Node's own errors are of another realm inside a test. */
const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

/** What may pass: room, open files and a busy disk come back, leave to write and a folder of that name don't. */
const passing: ReadonlySet<unknown> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EMFILE',
  'ENFILE',
  'EIO',
  'EBUSY',
  'EAGAIN',
]);

/** The file system's own refusals in the words of the store; anything else as it is. */
const toFolderError = (error: unknown): unknown => {
  const code = codeOf(error);
  if (typeof code !== 'string' || !/^E[A-Z\d]+$/.test(code)) return error;
  return new AppError('storage_unavailable', 'The store of large files does not answer as it should.', {
    retryable: passing.has(code),
    cause: error,
  });
};

/** A step of writing. Meanwhile the folder of the file may be deleted with all that is below it. */
const asked = async <Result>(work: Promise<Result>): Promise<Result> => {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw toFolderError(error);
    throw new AppError('conflict', 'The file was deleted while it was being written.', { cause: error });
  }
};

/**
 * Writes a new file and has it on the disk before it returns.
 * @throws {AppError} conflict when the folder is gone, storage_unavailable; what `content` throws
 */
const writeDraft = async (file: string, content: AsyncIterable<Uint8Array>) => {
  const handle = await asked(open(file, 'wx', fileMode));
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const piece of content) {
      hash.update(piece);
      bytes += piece.byteLength;
      await asked(handle.writeFile(piece));
    }
    await asked(handle.sync());
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    await handle.close();
  }
};

/** A rename lasts once its folder is on the disk, where a folder can be synchronised at all. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r').catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
};

/** Artifacts as files below one folder, which is made when it is first needed. */
export const createFolderArtifactStore = ({ folder }: { folder: string }): ArtifactStore => {
  const pathOf = (name: string): string => {
    checkArtifactName(name);
    return join(folder, ...name.split('/'));
  };

  return {
    write: async (name, content) => {
      const target = pathOf(name);
      const parent = dirname(target);
      await asked(mkdir(parent, { recursive: true, mode: folderMode }));
      // Beside its target: a rename within a folder is atomic, and what a crash leaves goes when the folder does.
      const draft = join(parent, `.draft-${randomUUID()}`);
      try {
        const written = await writeDraft(draft, content);
        await asked(rename(draft, target));
        await syncFolder(parent);
        return written;
      } catch (error) {
        await rm(draft, { force: true }).catch(() => {});
        throw error;
      }
    },

    async *read(name, { offset, bytes } = { offset: 0 }) {
      try {
        const end = bytes === undefined ? {} : { end: offset + bytes - 1 };
        // A stream's end is inclusive, so that it cannot say "nothing"; whether there is a file is still found out.
        const range = bytes === 0 ? { start: 0, end: 0 } : { start: offset, ...end };
        for await (const piece of createReadStream(pathOf(name), { highWaterMark: pieceBytes, ...range })) {
          if (bytes !== 0) yield piece;
        }
      } catch (error) {
        const code = codeOf(error);
        if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'EISDIR') throw toFolderError(error);
        throw new AppError('not_found', `There is no file ${name}.`, { cause: error });
      }
    },

    delete: async (name) => {
      // Somebody may be writing into the folder that is being deleted: then once more.
      await asked(rm(pathOf(name), { recursive: true, force: true, maxRetries: 3, retryDelay: 20 }));
    },
  };
};
