import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Copies what `func azure functionapp publish` takes from a folder. `.funcignore` is not read as git would read it: a pattern is
 * anchored at the root and matches by prefix, so names at the top are all there is to decide.
 */
export const copyPublished = async (root: string, target: string): Promise<void> => {
  const patterns = (await readFile(join(root, '.funcignore'), 'utf8'))
    .split('\n')
    .map((line) => line.trim().replace(/\/$/, ''))
    .filter((line) => line !== '' && !line.startsWith('#'));
  await mkdir(target, { recursive: true });
  for (const name of await readdir(root)) {
    // The tools leave these out by themselves.
    if (['.git', '.vscode', 'local.settings.json'].includes(name)) continue;
    if (patterns.some((pattern) => name.startsWith(pattern))) continue;
    await cp(join(root, name), join(target, name), { recursive: true });
  }
};
