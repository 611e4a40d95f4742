import { cp, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { buildWeb } from './build-web.ts';
import { readWords } from './read-words.ts';

const help = `Bundles the app and the dashboard into dist/, and prints what is loaded at start and what on demand.

Usage: npm run build -- [--quiet]

  --quiet  prints nothing
  --help   this text`;

const root = path.resolve(import.meta.dirname, '..');

/** Name in dist/ → the file it is built from. */
const entries = {
  main: 'src/main.ts',
  migrate: 'src/migrate.ts',
  'check-config': 'src/check-config.ts',
};

/** `onStart`: loaded before the first function is registered. */
export type ChunkSize = { file: string; bytes: number; onStart: boolean };

/** Bundled CommonJS modules still call `require` for Node's own; an ES module has none. */
const requireBanner =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

/**
 * OpenTelemetry's packages as ES modules, which esbuild for Node would only take second: so what nobody uses is left out, such as
 * the detectors of machines and clouds.
 */
const openTelemetryModules = Object.fromEntries(
  [
    'core/build/esm/index.js',
    'exporter-trace-otlp-http/build/esm/index.js',
    'otlp-transformer/build/esm/index.js',
    'resources/build/esm/index.js',
    'sdk-logs/build/esm/index.js',
    'sdk-metrics/build/esm/index.js',
    'sdk-trace/build/esm/index.js',
    'sdk-trace-base/build/esm/index-shim.js',
  ].map((file) => [`@opentelemetry/${file.split('/')[0]}`, `@opentelemetry/${file}`]),
);

/** Bundles the app in memory. Chunks lie flat beside the entries: bundled code finds its files by `import.meta.dirname`. */
const bundle = (outdir: string) =>
  build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunk-[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minify: true,
    keepNames: true, // error classes are told apart by name
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    write: false,
    logLevel: 'warning',
    // The Functions worker provides the core module; pg-native is an optional peer that nobody installs; Blob Storage's client
    // loads Arrow only for lists that are asked for in its format, and ours are not.
    external: ['@azure/functions-core', 'pg-native', 'apache-arrow'],
    alias: openTelemetryModules,
    banner: { js: requireBanner },
  });

/**
 * A lazily imported CommonJS package has nothing but a default export once it is a chunk of its own; a named one would be
 * undefined in the bundle and nowhere else. @throws for such a use.
 */
const checkLazyImports = ({ outputs }: Metafile, texts: readonly string[]) => {
  for (const [file, { entryPoint = '', exports }] of Object.entries(outputs)) {
    if (!entryPoint.startsWith('node_modules/') || exports.join() !== 'default') continue;
    const load = `import("./${path.basename(file)}")`;
    const uses = texts.flatMap((text) => text.split(load).slice(0, -1));
    if (uses.every((before) => /\{default:\w+\}=await $/.test(before))) continue;
    throw new Error(`${entryPoint} is CommonJS: use const { default: name } = await import(…)`);
  }
};

const chunkSizes = ({ outputs }: Metafile): ChunkSize[] => {
  const onStart = new Set<string>();
  const visit = (file: string) => {
    if (onStart.has(file)) return;
    onStart.add(file);
    for (const { path: imported, kind } of outputs[file]?.imports ?? []) {
      if (kind === 'import-statement' && imported in outputs) visit(imported);
    }
  };
  for (const file of Object.keys(outputs)) if (path.basename(file) === 'main.mjs') visit(file);
  return Object.entries(outputs)
    .filter(([file]) => file.endsWith('.mjs'))
    .map(([file, { bytes }]) => ({ file: path.basename(file), bytes, onStart: onStart.has(file) }))
    .sort((a, b) => Number(b.onStart) - Number(a.onStart) || b.bytes - a.bytes);
};

/** Puts a file in place in one step, so that nobody reads half of it. */
const writeInOneStep = async (file: string, contents: Uint8Array) => {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, contents);
  await rename(draft, file);
};

/** What the bundled code reads from the folder it stands in. */
const copyAssets = async (outdir: string) => {
  const swagger = path.dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const copies = [
    ['src/db/migrations', 'migrations'],
    ['src/db/prices', 'prices'],
    [path.join(swagger, 'swagger-ui-bundle.js'), 'static/swagger-ui-bundle.js'],
    [path.join(swagger, 'swagger-ui.css'), 'static/swagger-ui.css'],
  ] as const;
  for (const [from, to] of copies) {
    await cp(path.resolve(root, from), path.join(outdir, to), { recursive: true });
  }
};

const keepChunksMs = 24 * 3_600_000;

/** Chunks are named by their content: those of earlier builds stay a day, a running host may still load them lazily. */
const removeOldChunks = async (outdir: string, current: ReadonlySet<string>) => {
  for (const file of await readdir(outdir)) {
    if (!file.startsWith('chunk-') || current.has(file)) continue;
    const modifiedMs = (await stat(path.join(outdir, file)).catch(() => null))?.mtimeMs;
    if (modifiedMs !== undefined && modifiedMs < Date.now() - keepChunksMs) {
      await rm(path.join(outdir, file), { force: true });
    }
  }
};

/** Builds the app into `outdir`, under the feet of a host that may be running from there. @returns its chunks. */
export const buildApp = async (outdir: string): Promise<ChunkSize[]> => {
  await mkdir(outdir, { recursive: true });
  const [{ outputFiles, metafile }] = await Promise.all([
    bundle(outdir),
    copyAssets(outdir),
    buildWeb(path.join(outdir, 'web')),
  ]);
  checkLazyImports(
    metafile,
    outputFiles.filter(({ path: file }) => file.endsWith('.mjs')).map(({ text }) => text),
  );
  const isChunk = (file: string) => path.basename(file).startsWith('chunk-');
  const write = (files: typeof outputFiles) =>
    Promise.all(files.map((file) => writeInOneStep(file.path, file.contents)));
  await write(outputFiles.filter((file) => isChunk(file.path)));
  await write(outputFiles.filter((file) => !isChunk(file.path))); // entries last: their chunks are there by now
  await removeOldChunks(outdir, new Set(outputFiles.map((file) => path.basename(file.path))));
  return chunkSizes(metafile);
};

const megabytes = (bytes: number) => `${(bytes / 1_000_000).toFixed(2)} MB`.padStart(9);

/** Bytes that are loaded before the first function is registered. */
export const startupBytes = (chunks: readonly ChunkSize[]): number =>
  chunks.reduce((total, { bytes, onStart }) => total + (onStart ? bytes : 0), 0);

const sizeTable = (chunks: readonly ChunkSize[]): string => {
  const lazy = chunks.filter(({ onStart }) => !onStart);
  return [
    `${megabytes(startupBytes(chunks))}  start-up (main.mjs and ${chunks.length - lazy.length - 1} chunks)`,
    `${megabytes(lazy.reduce((total, { bytes }) => total + bytes, 0))}  on demand, of which`,
    ...lazy.filter(({ bytes }) => bytes >= 50_000).map(({ file, bytes }) => `${megabytes(bytes)}    ${file}`),
  ].join('\n');
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { quiet } = readWords({ name: 'build', help }, { quiet: { type: 'boolean', default: false } });
  const startedAt = performance.now();
  const chunks = await buildApp(path.join(root, 'dist'));
  if (!quiet) {
    const tookMs = Math.round(performance.now() - startedAt);
    process.stdout.write(`${sizeTable(chunks)}\nbuilt dist/ in ${tookMs} ms\n`);
  }
}
