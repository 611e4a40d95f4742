import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { type Export, maxPieceBytes } from '../src/contract/export.ts';
import { type ApiCall, ConnectionError } from './api-call.ts';

/**
 * Reads the file of a ready export piece by piece. It appears under its name once it is whole and its hash is right.
 * @throws {ApiError}, {ConnectionError}; {Error} when the file is not what the export says; what writing throws
 */
export async function downloadExport(
  api: ApiCall,
  { id, bytes, sha256 }: Export,
  out: string,
  onProgress: (readBytes: number) => void,
): Promise<void> {
  const draft = `${out}.part`;
  const hash = createHash('sha256');
  const file = await open(draft, 'w');
  try {
    for (let from = 0; from < bytes; ) {
      const range = `bytes=${from}-${Math.min(bytes, from + maxPieceBytes) - 1}`;
      const piece = await api.retry(async () => {
        const response = await api.send(`/api/v1/exports/${id}/download`, {
          headers: { range, accept: '*/*' },
        });
        try {
          return Buffer.from(await response.arrayBuffer());
        } catch (cause) {
          throw new ConnectionError('the answer broke off', { cause });
        }
      });
      if (piece.byteLength === 0) throw new Error(`the host sent nothing for ${range}`);
      hash.update(piece);
      await file.writeFile(piece);
      from += piece.byteLength;
      onProgress(from);
    }
    await file.sync();
    await file.close();
    if (hash.digest('hex') !== sha256) throw new Error('the file that arrived is not the one that was made');
    await rename(draft, out);
  } finally {
    await file.close();
    await rm(draft, { force: true });
  }
}
