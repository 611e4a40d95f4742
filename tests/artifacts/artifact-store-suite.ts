import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ArtifactStore } from '../../src/artifacts/artifact-store.ts';
import { bytesOf, pieces, textOf } from '../support/byte-pieces.ts';

export type OpenArtifactStore = {
  store: ArtifactStore;
  /** Names of all files that there are, drafts included. */
  list(): Promise<string[]>;
  close(): Promise<void>;
};

const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex');

/** What every artifact store must do. */
export const describeArtifactStore = (name: string, open: () => Promise<OpenArtifactStore>): void => {
  describe(`an artifact store (${name})`, () => {
    let opened: OpenArtifactStore;
    let store: ArtifactStore;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.close());

    it('gives back what was written, with its size and SHA-256', async () => {
      const large = new Uint8Array(3_000_000).map((_, index) => index % 251);
      const written = await store.write('uploads/a/1', pieces('x', large, '', 'y'));
      const whole = Buffer.concat([Buffer.from('x'), large, Buffer.from('y')]);
      expect(written).toEqual({ bytes: whole.length, sha256: sha256(whole) });
      const read = await bytesOf(store.read('uploads/a/1'));
      expect(read.equals(whole)).toBe(true);
    });

    it('gives back a part of a file; behind its end there is nothing', async () => {
      const large = new Uint8Array(300_000).map((_, index) => index % 251);
      await store.write('a/1', pieces(large));
      const ranges: [number, number?][] = [
        [0, 10],
        [70_000, 100_000],
        [299_999, 1],
        [299_000],
        [0],
        [299_990, 500],
        [5, 0],
        [300_000, 5],
        [400_000],
      ];
      for (const [offset, bytes] of ranges) {
        const read = await bytesOf(store.read('a/1', { offset, bytes }));
        const end = bytes === undefined ? undefined : offset + bytes;
        expect({ offset, bytes, same: read.equals(large.subarray(offset, end)) }).toMatchObject({
          same: true,
        });
      }
      for (const range of [{ offset: 0, bytes: 0 }, { offset: 7 }]) {
        await expect(bytesOf(store.read('b', range))).rejects.toMatchObject({ code: 'not_found' });
      }
    });

    it('keeps an empty file', async () => {
      expect(await store.write('empty', pieces())).toEqual({ bytes: 0, sha256: sha256('') });
      expect(await textOf(store.read('empty'))).toBe('');
    });

    it('replaces a file of the same name', async () => {
      await store.write('a/1', pieces('a longer first one'));
      await store.write('a/1', pieces('second'));
      expect(await textOf(store.read('a/1'))).toBe('second');
      expect(await opened.list()).toEqual(['a/1']);
    });

    it('writes whole or not at all: when the content fails, the former file stays and nothing else', async () => {
      const failing = async function* () {
        yield Buffer.from('half');
        throw new RangeError('no more');
      };
      await expect(store.write('a/1', failing())).rejects.toThrow(RangeError);
      await expect(textOf(store.read('a/1'))).rejects.toMatchObject({ code: 'not_found' });
      await store.write('a/1', pieces('first'));
      await expect(store.write('a/1', failing())).rejects.toThrow('no more');
      expect(await textOf(store.read('a/1'))).toBe('first');
      expect(await opened.list()).toEqual(['a/1']);
    });

    it('lets one of several writers at once win, with a file that is whole', async () => {
      const texts = Array.from({ length: 8 }, (_, index) => String(index).repeat(100_000 + index));
      await Promise.all(
        texts.map((text) => store.write('a/1', pieces(text.slice(0, 50_000), text.slice(50_000)))),
      );
      expect(texts).toContain(await textOf(store.read('a/1')));
      expect(await opened.list()).toEqual(['a/1']);
    });

    it('says not_found, at the first piece', async () => {
      await store.write('a/1', pieces('x'));
      for (const missing of ['b', 'a/2', 'a/1/2']) {
        const content = store.read(missing);
        await expect(textOf(content)).rejects.toMatchObject({ code: 'not_found' });
      }
    });

    it('deletes a file, or everything below a name, and nothing beside it', async () => {
      for (const each of ['a/1', 'a/2', 'ab/1', 'b']) await store.write(each, pieces(each));
      await store.delete('b');
      await store.delete('a');
      await store.delete('a');
      await store.delete('never/there');
      expect(await opened.list()).toEqual(['ab/1']);
    });

    it.each([
      '',
      '/',
      '/etc/passwd',
      '..',
      '../a',
      'a/../b',
      'a//b',
      'a/',
      '.hidden',
      'a\\b',
      'a\u0000',
      'ä',
    ])('takes no name like %j', async (bad) => {
      await expect(store.write(bad, pieces('x'))).rejects.toThrow(RangeError);
      await expect(textOf(store.read(bad))).rejects.toThrow(RangeError);
      await expect(store.delete(bad)).rejects.toThrow(RangeError);
      expect(await opened.list()).toEqual([]);
    });
  });
};
