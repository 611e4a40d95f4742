import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createFolderArtifactStore } from '../../src/artifacts/folder-artifact-store.ts';
import { pieces } from '../support/byte-pieces.ts';
import { describeArtifactStore } from './artifact-store-suite.ts';

const openFolder = async () => {
  const parent = await mkdtemp(join(tmpdir(), 'sq-artifacts-'));
  // Not there yet: the store makes it.
  const folder = join(parent, 'artifacts');
  const list = async () => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
      .toSorted();
  };
  const close = () => rm(parent, { recursive: true, force: true });
  return { store: createFolderArtifactStore({ folder }), folder, list, close };
};

describeArtifactStore('a folder', openFolder);

describe('a folder of artifacts', () => {
  it('is readable by its owner only', async () => {
    const { store, folder, close } = await openFolder();
    await store.write('a/1', pieces('x'));
    expect((await stat(join(folder, 'a'))).mode & 0o077).toBe(0);
    expect((await stat(join(folder, 'a/1'))).mode & 0o077).toBe(0);
    await close();
  });

  it('says so when a file is deleted while it is being written', async () => {
    const { store, list, close } = await openFolder();
    const content = async function* () {
      yield Buffer.from('half');
      await store.delete('a');
      yield Buffer.from('rest');
    };
    await expect(store.write('a/1', content())).rejects.toMatchObject({ code: 'conflict' });
    expect(await list()).toEqual([]);
    await close();
  });

  it('tells the file system’s refusals from faults of ours', async () => {
    const { store, folder, close } = await openFolder();
    await writeFile(folder, 'a file where the folder should be');
    const refused = { code: 'storage_unavailable', retryable: false, cause: { code: 'ENOTDIR' } };
    await expect(store.write('a/1', pieces('x'))).rejects.toMatchObject(refused);
    await rm(folder);
    const broken = async function* () {
      yield Buffer.from('half');
      throw new TypeError('a fault of ours');
    };
    await expect(store.write('a/1', broken())).rejects.toThrow(TypeError);
    await close();
  });
});
