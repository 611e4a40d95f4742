import type { IncomingMessage } from 'node:http';

export type RequestBody = { bytes: Buffer | null; tooLarge: boolean };

/** After an oversize body was refused, this much more is read and thrown away before the connection is cut. */
const drainFactor = 4;

/**
 * Reads a whole body of known length. `tooLarge` comes at once when the announced length is above `maxBytes`; the rest
 * is read and dropped so that a client that is still sending gets its answer. Rejects when the client goes away.
 */
export const readBody = (request: IncomingMessage, maxBytes: number): Promise<RequestBody> => {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > maxBytes) {
    dropRest(request, maxBytes);
    return Promise.resolve({ bytes: null, tooLarge: true });
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let only: Buffer | null = null;
    request.on('data', (chunk: Buffer) => {
      if (only === null) only = chunk;
      chunks.push(chunk);
    });
    request.on('end', () => {
      const bytes = chunks.length === 1 && only !== null ? only : Buffer.concat(chunks);
      resolve({ bytes, tooLarge: false });
    });
    request.on('error', reject);
    request.on('close', () => {
      if (!request.complete) reject(new Error('the client went away while sending its body'));
    });
  });
};

/** Reads what still comes and throws it away; cuts the connection when it does not end. */
export const dropRest = (request: IncomingMessage, maxBytes: number): void => {
  let left = Math.max(maxBytes, 1024 * 1024) * drainFactor;
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
  request.resume();
};

/** Reads a body of unknown length and throws it away; false as soon as it passes `maxBytes`. */
export const dropWithin = (request: IncomingMessage, maxBytes: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    let left = maxBytes;
    request.on('end', () => resolve(true));
    request.on('error', reject);
    request.on('close', () => {
      if (!request.complete) reject(new Error('the client went away while sending its body'));
    });
    request.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) resolve(false);
      if (left < -maxBytes * drainFactor) request.destroy();
    });
  });

/** Headers by lower-case name, repeated ones joined with a comma, as the host announces them. */
export const joinedHeaders = (rawHeaders: readonly string[]): Record<string, string> => {
  const headers: Record<string, string> = {};
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    const value = rawHeaders[i + 1] ?? '';
    headers[name] = Object.hasOwn(headers, name) ? `${headers[name]},${value}` : value;
  }
  return headers;
};
