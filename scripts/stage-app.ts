import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildApp, type ChunkSize } from './build.ts';
import { type DurableBackend, durableBackends, hostJsonFor, isDurableBackend } from './host-json.ts';

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

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [folder, backend = 'scheduler'] = process.argv.slice(2);
  if (folder === undefined || !isDurableBackend(backend)) {
    process.stderr.write(`usage: node scripts/stage-app.ts FOLDER [${durableBackends.join(' | ')}]\n`);
    process.exitCode = 2;
  } else {
    const chunks = await stageApp(path.resolve(folder), backend);
    process.stdout.write(`${folder}: ${chunks.length} files of code, durable state in ${backend}\n`);
  }
}
