import { AppError } from '../errors.ts';
import type { ApiContext } from './app-env.ts';
import { maxBodyBytes } from './json-body.ts';

const read = async function* (
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
  tooLarge: () => AppError,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.byteLength;
    // A declared length may be missing or wrong.
    if (bytes > maxBytes) throw tooLarge();
    yield piece;
  }
};

const nothing = async function* (): AsyncGenerator<Uint8Array> {};

/**
 * The body as it is sent, not unpacked, for routes that declare another media type than JSON; to be read once.
 * @throws {AppError} payload_too_large, at once where the request declares its length, otherwise on the way
 */
export const requestBytes = (c: ApiContext, maxBytes = maxBodyBytes): AsyncIterable<Uint8Array> => {
  const tooLarge = () => new AppError('payload_too_large', `This body may have ${maxBytes} bytes at most.`);
  if (Number(c.req.header('content-length') ?? 0) > maxBytes) throw tooLarge();
  const { body } = c.req.raw;
  return body === null ? nothing() : read(body, maxBytes, tooLarge);
};
