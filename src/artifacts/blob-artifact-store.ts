import { createHash, randomUUID } from 'node:crypto';
import type { BlobClient, ContainerClient, StoragePipelineOptions } from '@azure/storage-blob';
import { checkArtifactName } from './artifact-name.ts';
import type { ArtifactStore, ByteRange } from './artifact-store.ts';
import { toStorageError } from './storage-error.ts';

/** `TokenCredential` of `@azure/core-auth`, as far as it is used. */
type Credential = {
  getToken(scopes: string | string[]): Promise<{ token: string; expiresOnTimestamp: number } | null>;
};

export type BlobArtifactStoreOptions = {
  /** Of an existing container. */
  containerUrl: string;
  credential: Credential;
  /** Given to the SDK as they are; its own tries of a request are among them. */
  pipelineOptions?: StoragePipelineOptions;
  /** A file up to this size is sent in one request, a larger one in blocks of it. */
  blockBytes?: number;
};

/** The largest part of an upload, so that a part is one request. */
const defaultBlockBytes = 8 * 1024 * 1024;
/** How often a download that broke is taken up again where it broke. */
const mostResumptions = 5;
const deletedAtOnce = 16;

/** Sees to it that a request is tried again, also when its connection was cut, and gives up within two minutes. */
const defaultPipeline: StoragePipelineOptions = {
  retryOptions: { maxTries: 4, tryTimeoutInMs: 30_000, retryDelayInMs: 200, maxRetryDelayInMs: 5000 },
};

/** The content in pieces of exactly `size` bytes, but for the last, which may be empty. */
async function* blocksOf(content: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer> {
  let held: Uint8Array[] = [];
  let bytes = 0;
  for await (let piece of content) {
    while (bytes + piece.byteLength > size) {
      const room = size - bytes;
      yield Buffer.concat([...held, piece.subarray(0, room)]);
      piece = piece.subarray(room);
      [held, bytes] = [[], 0];
    }
    // The content may use its buffer again.
    held.push(Uint8Array.from(piece));
    bytes += piece.byteLength;
  }
  yield Buffer.concat(held);
}

/**
 * Artifacts as block blobs of one container. A file appears with its last request, whole: blocks that are never committed are
 * nothing, and Azure drops them after a week. `@azure/storage-blob` is loaded at the first use.
 */
export const createBlobArtifactStore = (options: BlobArtifactStoreOptions): ArtifactStore => {
  const { blockBytes = defaultBlockBytes } = options;
  let container: Promise<ContainerClient> | null = null;
  const open = (): Promise<ContainerClient> => {
    container ??= import('@azure/storage-blob').then(
      ({ ContainerClient: Client }) =>
        new Client(options.containerUrl, options.credential, {
          ...defaultPipeline,
          ...options.pipelineOptions,
        }),
    );
    return container;
  };

  /** What the store's own requests throw; what the content throws goes through as it is. */
  const asked = async <Result>(work: Promise<Result>): Promise<Result> => {
    try {
      return await work;
    } catch (error) {
      throw toStorageError(error);
    }
  };

  const write: ArtifactStore['write'] = async (name, content) => {
    checkArtifactName(name);
    const blob = (await open()).getBlockBlobClient(name);
    const hash = createHash('sha256');
    // Not to be mixed up with the blocks of somebody who writes the same file at the same time.
    const upload = randomUUID();
    const ids: string[] = [];
    let bytes = 0;
    let previous: Buffer | null = null;
    const stage = async (block: Buffer): Promise<void> => {
      const id = Buffer.from(`${upload}-${String(ids.length).padStart(6, '0')}`).toString('base64');
      await asked(blob.stageBlock(id, block, block.byteLength));
      ids.push(id);
    };
    for await (const block of blocksOf(content, blockBytes)) {
      hash.update(block);
      bytes += block.byteLength;
      if (previous !== null) await stage(previous);
      previous = block;
    }
    const last = previous ?? Buffer.alloc(0);
    if (ids.length === 0) await asked(blob.upload(last, last.byteLength));
    else {
      await stage(last);
      await asked(blob.commitBlockList(ids));
    }
    return { bytes, sha256: hash.digest('hex') };
  };

  const isEmptyRange = async (blob: BlobClient, { offset, bytes }: ByteRange): Promise<boolean> => {
    if (offset === 0 && bytes !== 0) return false;
    const { contentLength = 0 } = await asked(blob.getProperties());
    return bytes === 0 || offset >= contentLength;
  };

  return {
    write,

    // The SDK's own resumption takes a cut connection for the caller's wish to stop.
    async *read(name, range = { offset: 0 }) {
      checkArtifactName(name);
      const blob = (await open()).getBlobClient(name);
      const end = range.bytes === undefined ? undefined : range.offset + range.bytes;
      // Storage refuses a range that holds nothing; whether there is a file is still found out.
      if (await isEmptyRange(blob, range)) return;
      let etag: string | undefined;
      let at = range.offset;
      for (let resumptions = 0; ; resumptions += 1) {
        const options = { maxRetryRequests: 0, ...(etag && { conditions: { ifMatch: etag } }) };
        const answer = await asked(blob.download(at, end === undefined ? undefined : end - at, options));
        etag = answer.etag;
        const body = answer.readableStreamBody ?? [];
        try {
          for await (const piece of body) {
            const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
            at += bytes.byteLength;
            yield bytes;
          }
          return;
        } catch (error) {
          if (resumptions >= mostResumptions) throw toStorageError(error);
          if (at === end) return;
        }
      }
    },

    delete: async (name) => {
      checkArtifactName(name);
      const client = await open();
      const remove = (blob: string) =>
        asked(client.getBlobClient(blob).deleteIfExists({ deleteSnapshots: 'include' }));
      await remove(name);
      const pages = client.listBlobsFlat({ prefix: `${name}/` }).byPage({ maxPageSize: 1000 });
      for (;;) {
        const { value: page, done } = await asked(pages.next());
        if (done === true) return;
        const names = page.segment.blobItems.map(({ name: blob }) => blob);
        for (let at = 0; at < names.length; at += deletedAtOnce) {
          await Promise.all(names.slice(at, at + deletedAtOnce).map(remove));
        }
      }
    },
  };
};
