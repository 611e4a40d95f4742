import { createHash } from 'node:crypto';
import type { ArtifactStore } from '../../artifacts/artifact-store.ts';
import type { Upload, UploadPart } from '../../contract/upload.ts';
import { AppError } from '../../errors.ts';

/** Where all of an upload is kept. */
export const uploadArtifact = (uploadId: string): string => `uploads/${uploadId}`;
export const partArtifact = (uploadId: string, partNumber: number): string =>
  `${uploadArtifact(uploadId)}/${partNumber}`;
/** Where the body of a request is kept while it is worked on. */
export const bodyArtifact = (uploadId: string): string => `${uploadArtifact(uploadId)}/body`;

const listed = (numbers: readonly number[], what: string): string =>
  numbers.length === 1 ? `Part ${numbers[0]} is ${what}.` : `Parts ${numbers.join(', ')} are ${what}.`;

const isNotFound = (error: unknown): boolean => error instanceof AppError && error.code === 'not_found';

/** @throws {AppError} conflict unless the parts are exactly 1 to `partCount` */
export const requireAllParts = (parts: readonly UploadPart[], partCount: number): void => {
  const present = new Set(parts.map(({ partNumber }) => partNumber));
  const wanted = Array.from({ length: partCount }, (_, index) => index + 1);
  const missing = wanted.filter((partNumber) => !present.has(partNumber));
  const beyond = [...present].filter((partNumber) => partNumber > partCount);
  const complaints = [
    ...(missing.length > 0 ? [listed(missing, 'missing')] : []),
    ...(beyond.length > 0 ? [listed(beyond, `beyond partCount ${partCount}`)] : []),
  ];
  if (complaints.length > 0) throw new AppError('conflict', complaints.join(' '));
};

/**
 * Reads all parts as they are kept.
 * @returns SHA-256 (hex) of the whole
 * @throws {AppError} conflict naming the parts that are not there any more, or are not what arrived
 */
export const hashParts = async (artifacts: ArtifactStore, upload: Upload): Promise<string> => {
  const whole = createHash('sha256');
  const lost: number[] = [];
  for (const { partNumber, sha256 } of upload.parts) {
    const one = createHash('sha256');
    try {
      for await (const piece of artifacts.read(partArtifact(upload.id, partNumber))) {
        one.update(piece);
        whole.update(piece);
      }
      if (one.digest('hex') !== sha256) lost.push(partNumber);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      lost.push(partNumber);
    }
  }
  if (lost.length > 0) throw new AppError('conflict', listed(lost, 'no longer kept whole: send them again'));
  return whole.digest('hex');
};

const changed = (cause?: unknown) =>
  new AppError('conflict', 'The upload is no longer what was completed; upload it again.', { cause });

/** The bytes of all parts, in order. @throws {AppError} conflict when they are not those that were completed */
export const readParts = async function* (
  artifacts: ArtifactStore,
  upload: Upload,
): AsyncGenerator<Uint8Array> {
  const whole = createHash('sha256');
  try {
    for (const { partNumber } of upload.parts) {
      for await (const piece of artifacts.read(partArtifact(upload.id, partNumber))) {
        whole.update(piece);
        yield piece;
      }
    }
  } catch (error) {
    throw isNotFound(error) ? changed(error) : error;
  }
  if (whole.digest('hex') !== upload.sha256) throw changed();
};
