import { maxPartBytes, Upload } from '../../src/contract/upload.ts';
import { send, sendJson } from './http-client.ts';

const path = '/api/v1/uploads';

const sha256Of = async (bytes: ArrayBuffer): Promise<string> =>
  Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');

/**
 * Sends a file of questions in parts, each with its checksum. @returns the id of the completed upload.
 * @param onProgress told the share that has arrived, from 0 to 1.
 */
export const uploadQuestions = async (
  file: Blob,
  name: string,
  onProgress: (share: number) => void,
): Promise<string> => {
  const { id } = await sendJson(Upload, 'POST', path, { name: name.slice(0, 200) });
  const partCount = Math.max(1, Math.ceil(file.size / maxPartBytes));
  for (let part = 0; part < partCount; part++) {
    const bytes = file.slice(part * maxPartBytes, (part + 1) * maxPartBytes);
    const sha256 = await sha256Of(await bytes.arrayBuffer());
    await send('PUT', `${path}/${id}/parts/${part + 1}`, { query: { sha256 }, bytes });
    onProgress((part + 1) / partCount);
  }
  await sendJson(Upload, 'POST', `${path}/${id}/complete`, { partCount });
  return id;
};
