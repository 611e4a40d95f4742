import { type Export, maxPieceBytes } from '../../src/contract/export.ts';
import { send } from './http-client.ts';
import { saveFile } from './save-file.ts';

/**
 * Reads the file of a ready export, piece by piece because one answer has no more, and hands it to the browser. Pieces are blobs:
 * they lie where the browser likes, on disk where there are many, and not in the page's memory.
 * @param onProgress told how many bytes have arrived
 * @throws {ProblemError} when the export is gone; {Error} when what arrived is not the file
 */
export const downloadExport = async (
  { id, bytes }: Pick<Export, 'id' | 'bytes'>,
  onProgress: (receivedBytes: number) => void,
  signal?: AbortSignal,
): Promise<void> => {
  const pieces: Blob[] = [];
  let received = 0;
  let name = `export-${id}`;
  do {
    const last = Math.min(bytes, received + maxPieceBytes) - 1;
    const response = await send('GET', `/api/v1/exports/${id}/download`, {
      // An empty file has no first byte to ask for.
      ...(bytes > 0 && { headers: { range: `bytes=${received}-${last}` } }),
      signal,
    });
    name = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? name;
    const piece = await response.blob();
    if (piece.size === 0 && bytes > 0) throw new Error('The server sent nothing of the file.');
    pieces.push(piece);
    received += piece.size;
    onProgress(received);
  } while (received < bytes);
  if (received !== bytes) throw new Error('What arrived is not the file that was made.');
  saveFile(name, new Blob(pieces));
};
