import { copyFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buildApp, type ChunkSize } from './build.ts';

const root = path.resolve(import.meta.dirname, '..');

/**
 * Puts everything that is deployed, and nothing else, into `folder`: dist/, host.json and a package.json that names the
 * entry. It runs there without node_modules.
 */
export const stageApp = async (folder: string): Promise<ChunkSize[]> => {
  const chunks = await buildApp(path.join(folder, 'dist'));
  const { name, version, type, main } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ name, version, type, main }));
  await copyFile(path.join(root, 'host.json'), path.join(folder, 'host.json'));
  return chunks;
};
