// `npm run package`: the folder that is published, and nothing else in it.
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { type DurableBackend, durableBackends, isDurableBackend } from './host-json.ts';
import { readWords } from './read-words.ts';
import { stageApp } from './stage-app.ts';

const help = `Builds the app and lays out what is published: bundle, host.json and package.json, without node_modules.

Usage: npm run package -- [options]

  --out DIR        folder to lay it out in (default: .package)
  --backend NAME   where the deployment keeps durable state: scheduler (default), storage or local
  --help           this text

DIR/app is published as it is: cd DIR/app && func azure functionapp publish NAME --no-build
DIR/maps holds the source maps of this very build, to read its stack traces with.`;

const root = path.resolve(import.meta.dirname, '..');
const say = (line: string) => process.stdout.write(`${line}\n`);

export type Package = { app: string; maps: string; bytes: number; files: number };

const sizeOf = async (folder: string): Promise<{ bytes: number; files: number }> => {
  const names = await readdir(folder, { recursive: true });
  const stats = await Promise.all(names.map((name) => stat(path.join(folder, name))));
  const files = stats.filter((each) => each.isFile());
  return { bytes: files.reduce((sum, { size }) => sum + size, 0), files: files.length };
};

/** Lays out the package in `out`, anew: what stood in its `app` and `maps` is gone. `backend`: what the deployment has. */
export const packageApp = async (out: string, backend: DurableBackend = 'scheduler'): Promise<Package> => {
  const [app, maps] = [path.join(out, 'app'), path.join(out, 'maps')];
  await rm(app, { recursive: true, force: true });
  await rm(maps, { recursive: true, force: true });
  await stageApp(app, backend);
  await mkdir(maps, { recursive: true });
  const dist = path.join(app, 'dist');
  for (const name of await readdir(dist)) {
    if (name.endsWith('.map')) await rename(path.join(dist, name), path.join(maps, name));
  }
  return { app, maps, ...(await sizeOf(app)) };
};

if (import.meta.main) {
  const values = readWords(
    { name: 'package', help },
    {
      out: { type: 'string', default: path.join(root, '.package') },
      backend: { type: 'string', default: 'scheduler' },
    },
  );
  if (!isDurableBackend(values.backend)) {
    process.stderr.write(`package: --backend must be one of ${durableBackends.join(', ')}\n`);
    process.exitCode = 2;
  } else {
    const { app, bytes, files } = await packageApp(path.resolve(values.out), values.backend);
    say(
      `${files} files, ${(bytes / 1_000_000).toFixed(1)} MB in ${path.relative(process.cwd(), app) || '.'}`,
    );
  }
}
