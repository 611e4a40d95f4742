import { AppError } from '../../errors.ts';

/** The same content. @throws {AppError} payload_too_large as soon as it has more bytes; that piece is not passed on */
export const limitBytes = async function* (
  content: AsyncIterable<Uint8Array>,
  maxBytes: number,
  message: string,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of content) {
    bytes += piece.byteLength;
    if (bytes > maxBytes) throw new AppError('payload_too_large', message);
    yield piece;
  }
};
