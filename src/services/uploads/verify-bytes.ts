import { createHash } from 'node:crypto';
import { AppError } from '../../errors.ts';

/** The same content. At its end @throws {AppError} invalid_request unless it is what `sha256` (hex) says */
export const verifyBytes = async function* (
  content: AsyncIterable<Uint8Array>,
  sha256: string,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const piece of content) {
    hash.update(piece);
    yield piece;
  }
  if (hash.digest('hex') === sha256) return;
  throw new AppError(
    'invalid_request',
    'The bytes that arrived are not those of the SHA-256; send them again.',
    {
      faults: [{ pointer: '?sha256', message: 'is not that of the body' }],
    },
  );
};
