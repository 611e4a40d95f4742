import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buildApp, type ChunkSize } from './build.ts';
import { type DurableBackend, hostJsonFor } from './host-json.ts';

const root = path.resolve(import.meta.dirname, '..');

/**
 * Puts everything that is deployed, and nothing else, into `folder`: dist/, host.json and a package.json that names the
 * entry. It runs there without node_modules. `backend` is what the deployment has; a package for the wrong one loses its
 * orchestrations.
 */
export const stageApp = async (
  folder: string,
  backend: DurableBackend = 'scheduler',
): Promise<ChunkSize[]> => {
  const chunks = await buildApp(path.join(folder, 'dist'));
  const { name, version, type, main } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ name, version, type, main }));
  const hostJson = hostJsonFor(JSON.parse(await readFile(path.join(root, 'host.json'), 'utf8')), backend);
  await writeFile(path.join(folder, 'host.json'), JSON.stringify(hostJson, null, 2));
  return chunks;
};
