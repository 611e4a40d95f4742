import { createHash } from 'node:crypto';
import { globSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const root = path.resolve(import.meta.dirname, '..');
const cache = path.join(root, 'node_modules/.cache/study-query-llm-web');
const compressBrotli = promisify(brotliCompress);
const compressGzip = promisify(gzip);

/** Whatever the dashboard is made from. */
const sources = ['web/**/*', 'src/contract/*.ts', 'package-lock.json', 'scripts/build-web.ts'];

/** Names the state of the sources. */
const sourceHash = async (): Promise<string> => {
  const files = globSync(sources, { cwd: root }).toSorted();
  const hash = createHash('sha256');
  for (const file of files) {
    const full = path.join(root, file);
    if (!(await stat(full)).isFile()) continue;
    hash.update(`${file.replaceAll(path.sep, '/')}\0`).update(await readFile(full));
  }
  return hash.digest('hex').slice(0, 20);
};

/** Below this size a compressed form saves less than its headers. */
const smallestCompressed = 500;

/** Writes each file's compressed forms beside it: nothing is compressed while somebody waits. */
const compress = async (folder: string) => {
  const names = globSync('{index.html,assets/*.{js,css,svg}}', { cwd: folder });
  await Promise.all(
    names.map(async (name) => {
      const file = path.join(folder, name);
      const bytes = await readFile(file);
      if (bytes.length < smallestCompressed) return;
      const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
      const [brotli, gzipped] = await Promise.all([
        compressBrotli(bytes, { params: { ...quality, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
        compressGzip(bytes, { level: 9 }),
      ]);
      await Promise.all([writeFile(`${file}.br`, brotli), writeFile(`${file}.gz`, gzipped)]);
    }),
  );
};

const bundleWeb = async (outDir: string) => {
  // Loaded only when there is something to build: it takes longer than everything else here.
  const { build } = await import('vite');
  await build({
    configFile: false,
    root: path.join(root, 'web'),
    base: '/',
    publicDir: false,
    logLevel: 'warn',
    resolve: { alias: [{ find: /^zod$/, replacement: path.join(root, 'web/zod-without-eval.ts') }] },
    oxc: { jsx: { runtime: 'automatic' } },
    build: {
      outDir,
      emptyOutDir: true,
      manifest: 'manifest.json',
      target: 'es2023',
      // Nothing inline: the policy of the page allows no `data:` script or style.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 400,
      reportCompressedSize: false,
      rolldownOptions: {
        // "use client" speaks to frameworks that render on a server; bundled, it says nothing.
        onLog: (level, log, write) => {
          if (log.code !== 'MODULE_LEVEL_DIRECTIVE') write(level, log);
        },
      },
    },
  });
  await compress(outDir);
};

const exists = (file: string) =>
  stat(file).then(
    () => true,
    () => false,
  );
const keepMs = 24 * 3_600_000;

/** Entries older than a day, which nobody uses any more: a running host may still serve files of the build before. */
const removeOld = async (folder: string, current: ReadonlySet<string>) => {
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    const modifiedMs = current.has(name) ? undefined : (await stat(file).catch(() => null))?.mtimeMs;
    if (modifiedMs !== undefined && modifiedMs < Date.now() - keepMs)
      await rm(file, { recursive: true, force: true });
  }
};

/**
 * Puts the dashboard into `outdir`. Built only when its sources have changed since a build that is kept in the cache.
 * @returns whether it was built.
 */
export const buildWeb = async (outdir: string): Promise<boolean> => {
  const hash = await sourceHash();
  const built = path.join(cache, hash);
  const isNew = !(await exists(built));
  if (isNew) {
    const draft = `${built}.${process.pid}`;
    await mkdir(cache, { recursive: true });
    await bundleWeb(draft);
    // Another process may have been quicker with the same.
    await rename(draft, built).catch(() => rm(draft, { recursive: true, force: true }));
    await removeOld(cache, new Set([hash]));
  }
  const assets = path.join(outdir, 'assets');
  await cp(path.join(built, 'assets'), assets, { recursive: true });
  await removeOld(assets, new Set(await readdir(path.join(built, 'assets'))));
  // The page last: it names files that are there by now.
  for (const name of await readdir(built)) {
    if (name === 'assets') continue;
    await cp(path.join(built, name), path.join(outdir, `${name}.${process.pid}`));
    await rename(path.join(outdir, `${name}.${process.pid}`), path.join(outdir, name));
  }
  return isNew;
};
