import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGzip } from 'node:zlib';
import { maxPartBytes } from '../src/contract/upload.ts';

export type FilePart = {
  content: Uint8Array<ArrayBuffer>;
  /** Of this part. */
  sha256: string;
  /** Of all parts so far: with the last one, of the whole. */
  totalSha256: string;
  /** How far the file itself has been read; it is larger than what is sent. */
  readBytes: number;
};

const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

/** By its first bytes, whatever the name says. */
async function isGzip(path: string): Promise<boolean> {
  await using file = await open(path);
  const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
  return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
}

/** A file as gzip, compressed on the way unless it is already, in parts that the API takes. At least one part. */
export async function* readFileParts(path: string, partBytes = maxPartBytes): AsyncGenerator<FilePart> {
  const isCompressed = await isGzip(path);
  const file = createReadStream(path);
  // Nothing to do at the end: a failure of the file becomes one of what is read here.
  const content = isCompressed ? file : pipeline(file, createGzip(), () => {});
  const total = createHash('sha256');
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  const cut = (bytes: number): FilePart => {
    const joined = Buffer.concat(pending, pendingBytes);
    const part = new Uint8Array(joined.subarray(0, bytes));
    pending = [joined.subarray(bytes)];
    pendingBytes -= bytes;
    total.update(part);
    return {
      content: part,
      sha256: sha256(part),
      totalSha256: total.copy().digest('hex'),
      readBytes: file.bytesRead,
    };
  };
  for await (const chunk of content as AsyncIterable<Buffer>) {
    pending.push(chunk);
    pendingBytes += chunk.length;
    while (pendingBytes > partBytes) yield cut(partBytes);
  }
  yield cut(pendingBytes);
}
