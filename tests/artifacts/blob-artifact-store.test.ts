import { randomUUID } from 'node:crypto';
import { ContainerClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ArtifactStore } from '../../src/artifacts/artifact-store.ts';
import { createBlobArtifactStore } from '../../src/artifacts/blob-artifact-store.ts';
import { bytesOf, pieces, textOf } from '../support/byte-pieces.ts';
import { type Mishap, type SeenRequest, startFlakyProxy } from '../support/flaky-proxy.ts';
import { trustLocalCertificate } from '../support/local-certificate.ts';
import { startAzurite } from '../support/start-azurite.ts';
import { describeArtifactStore } from './artifact-store-suite.ts';

let azurite: Awaited<ReturnType<typeof startAzurite>>;
beforeAll(async () => {
  trustLocalCertificate();
  azurite = await startAzurite();
});
afterAll(() => azurite.stop());

/** A container of its own. `url`: how the store gets there, when not directly. */
const openContainer = async (blockBytes?: number, url = azurite.url) => {
  const name = `c-${randomUUID()}`;
  const container = new ContainerClient(`${azurite.accountUrl}/${name}`, azurite.credential);
  await container.create();
  const store = createBlobArtifactStore({
    containerUrl: `${url}/devstoreaccount1/${name}`,
    credential: azurite.credential,
    pipelineOptions: { retryOptions: { maxTries: 4, retryDelayInMs: 5, maxRetryDelayInMs: 20 } },
    ...(blockBytes !== undefined && { blockBytes }),
  });
  const list = async () => {
    const names: string[] = [];
    for await (const blob of container.listBlobsFlat()) names.push(blob.name);
    return names.toSorted();
  };
  return { store, container, list, close: async () => void (await container.delete()) };
};

describeArtifactStore('Blob Storage', () => openContainer());

const mebibyte = 1024 * 1024;
const large = Buffer.alloc(5 * mebibyte + 17, 'abcdefghijklmnopqrstuvwxyz0123456789');

describe('a large artifact in Blob Storage', () => {
  it('goes in blocks, in order, and is there with the last request only', async () => {
    const { store, container, list } = await openContainer(mebibyte);
    let listedMeanwhile: string[] | null = null;
    const content = async function* () {
      yield large.subarray(0, 4 * mebibyte);
      listedMeanwhile = await list();
      yield large.subarray(4 * mebibyte);
    };
    expect(await store.write('a/1', content())).toMatchObject({ bytes: large.length });
    expect(listedMeanwhile).toEqual([]);
    expect((await bytesOf(store.read('a/1'))).equals(large)).toBe(true);
    const blocks = await container.getBlockBlobClient('a/1').getBlockList('all');
    expect(blocks.committedBlocks?.map(({ size }) => size)).toEqual([...Array(5).fill(mebibyte), 17]);
    expect(blocks.uncommittedBlocks ?? []).toEqual([]);
  });

  it('leaves the former file when its content fails after several blocks', async () => {
    const { store, list } = await openContainer(mebibyte);
    const failing = async function* () {
      yield large;
      throw new RangeError('no more');
    };
    await expect(store.write('a/1', failing())).rejects.toThrow(RangeError);
    expect(await list()).toEqual([]);
    await store.write('a/1', pieces('first'));
    await expect(store.write('a/1', failing())).rejects.toThrow('no more');
    expect(await textOf(store.read('a/1'))).toBe('first');
  });

  it('of two writers at once, one wins whole, and the other is told', async () => {
    const { store } = await openContainer(mebibyte);
    const other = Buffer.alloc(3 * mebibyte, 'z');
    const results = await Promise.allSettled([
      store.write('a/1', pieces(large)),
      store.write('a/1', pieces(other)),
    ]);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'conflict' });
    }
    expect(results.some(({ status }) => status === 'fulfilled')).toBe(true);
    const kept = await bytesOf(store.read('a/1'));
    expect([large, other].some((each) => kept.equals(each))).toBe(true);
  });
});

const allOf = (store: ArtifactStore) => [
  () => store.write('a', pieces('x')),
  () => textOf(store.read('a')),
  () => store.delete('a'),
];

describe('Blob Storage over a bad line', () => {
  const through = async (
    befalls: (request: SeenRequest, count: number) => Mishap | null,
    work: (opened: Awaited<ReturnType<typeof openContainer>>, seen: SeenRequest[]) => Promise<void>,
  ) => {
    const proxy = await startFlakyProxy(azurite.url, befalls);
    try {
      await work(await openContainer(mebibyte, proxy.url), proxy.seen);
    } finally {
      await proxy.close();
    }
  };

  it.each<[string, Mishap]>([
    ['cut connections', 'cutRequest'],
    ['answers of 500', { status: 500, code: 'InternalError' }],
    ['answers of 503', { status: 503, code: 'ServerBusy' }],
  ])('writes the whole file in spite of %s in the middle', async (_, mishap) => {
    await through(
      (_request, count) => (count % 3 === 2 ? mishap : null),
      async ({ store }, seen) => {
        expect(await store.write('a/1', pieces(large))).toMatchObject({ bytes: large.length });
        expect(seen.length).toBeGreaterThan(8);
        expect((await bytesOf(store.read('a/1'))).equals(large)).toBe(true);
      },
    );
  });

  it.each<[string, Mishap]>([
    ['cut for good', 'cutRequest'],
    ['down for good', { status: 503, code: 'ServerBusy' }],
  ])('leaves nothing when it is %s in the middle', async (_, mishap) => {
    let staged = 0;
    await through(
      ({ method, query }) => {
        if (method === 'PUT' && query.get('comp') === 'block') staged += 1;
        return staged > 3 ? mishap : null;
      },
      async ({ store, list }) => {
        const error = await store.write('a/1', pieces(large)).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: 'storage_unavailable', retryable: true });
        expect(JSON.stringify([(error as Error).message, String((error as Error).cause)])).not.toMatch(/eyJ/);
        expect(await list()).toEqual([]);
      },
    );
  });

  it('goes on reading where the connection was cut', async () => {
    await through(
      ({ method }, count) => (method === 'GET' && count < 9 ? { cutAnswer: mebibyte + count } : null),
      async ({ store }, seen) => {
        await store.write('a/1', pieces(large));
        expect((await bytesOf(store.read('a/1'))).equals(large)).toBe(true);
        expect(seen.filter(({ method }) => method === 'GET').length).toBeGreaterThan(1);
      },
    );
  });

  it.each<[string, Mishap, boolean]>([
    ['a missing role', { status: 403, code: 'AuthorizationPermissionMismatch' }, false],
    ['haste', { status: 429, code: 'TooManyRequests' }, true],
  ])('tells whether it may pass: %s', async (_, mishap, retryable) => {
    await through(
      () => mishap,
      async ({ store }) => {
        for (const work of allOf(store)) {
          await expect(work()).rejects.toMatchObject({ code: 'storage_unavailable', retryable });
        }
      },
    );
  });

  it('does not take a missing container for a missing file', async () => {
    const { store, container } = await openContainer();
    await container.delete();
    for (const work of allOf(store)) {
      await expect(work()).rejects.toMatchObject({ code: 'storage_unavailable' });
    }
  });
});
