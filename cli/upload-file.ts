import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type CompleteUpload, type CreateUpload, maxPartCount, Upload } from '../src/contract/upload.ts';
import { type ApiCall, ApiError } from './api-call.ts';
import { readFileParts } from './read-file-parts.ts';

export type UploadOptions = {
  onProgress?: (progress: { readBytes: number; fileBytes: number }) => void;
  /** Only for tests: how large a part is. */
  partBytes?: number;
};

const post = (body: CreateUpload | CompleteUpload): RequestInit => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json' },
});

/**
 * Sends a file of questions, compressed and in parts, and completes the upload. The file is read once, a part at a time;
 * a part that did not arrive is sent again. @throws what reading the file throws, {ApiError}, {ConnectionError}
 */
export async function uploadFile(api: ApiCall, path: string, options: UploadOptions = {}): Promise<Upload> {
  const { size: fileBytes } = await stat(path);
  const created: CreateUpload = { name: basename(path).slice(0, 200), contentEncoding: 'gzip' };
  // Not again: whether there is a host that takes it is better known at once.
  const { id } = await api.json('/api/v1/uploads', Upload, post(created));
  let partCount = 0;
  let sha256 = '';
  for await (const part of readFileParts(path, options.partBytes)) {
    partCount++;
    if (partCount > maxPartCount) throw new Error(`${path} is too large to be sent`);
    sha256 = part.totalSha256;
    const address = `/api/v1/uploads/${id}/parts/${partCount}?sha256=${part.sha256}`;
    await api.retry(() =>
      api.json(address, Upload, {
        method: 'PUT',
        body: part.content,
        headers: { 'content-type': 'application/octet-stream' },
      }),
    );
    options.onProgress?.({ readBytes: part.readBytes, fileBytes });
  }
  return complete(api, id, { partCount, sha256 });
}

/** Completing twice is a conflict: when an answer was lost, the upload itself tells. */
function complete(api: ApiCall, id: string, body: CompleteUpload): Promise<Upload> {
  return api.retry(async () => {
    try {
      return await api.json(`/api/v1/uploads/${id}/complete`, Upload, post(body));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error;
      const upload = await api.json(`/api/v1/uploads/${id}`, Upload);
      if (upload.status !== 'completed') throw error;
      return upload;
    }
  });
}
