import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { AppError } from '../../errors.ts';
import { limitBytes } from './limit-bytes.ts';

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';

const notGzip = (message: string, cause?: unknown) =>
  new AppError('invalid_request', `The file cannot be unpacked: ${message}.`, { cause });

/**
 * Unpacks gzip piece by piece (RFC 1952; several members make one file). Never holds more than a few pieces, however much
 * comes out of a small one.
 * @throws {AppError} payload_too_large as soon as more than `maxBytes` come out; invalid_request for what is broken, cut off
 *   or followed by something else; what `content` throws
 */
export const gunzipStream = async function* (
  content: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let receivedBytes = 0;
  const counted = async function* () {
    for await (const piece of content) {
      receivedBytes += piece.byteLength;
      yield piece;
    }
  };
  const gunzip = createGunzip();
  // Failures of either side arrive through the iteration below; leaving it early ends the source.
  pipeline(Readable.from(counted(), { objectMode: true }), gunzip, () => {});
  try {
    yield* limitBytes(gunzip, maxBytes, `A file may have ${maxBytes} bytes at most, uncompressed.`);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'Z_BUF_ERROR') throw notGzip('it is cut off', error);
    if (code.startsWith('Z_')) throw notGzip('it is not valid gzip', error);
    throw error;
  }
  // Node takes a zero byte after the last member for padding, and ignores all that follows.
  if (gunzip.bytesWritten < receivedBytes) throw notGzip('something follows its end');
};
