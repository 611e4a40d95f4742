import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { startupBytes } from '../scripts/build.ts';
import { stageApp } from '../scripts/stage-app.ts';
import { type Benchmark, median, progress, round } from './benchmark.ts';
import { measureImports } from './import-costs.ts';

const root = path.resolve(import.meta.dirname, '..');

/** A sound configuration: a faulty one would register other code. Nothing is connected to while registering. */
const environment = {
  PATH: process.env.PATH,
  DATABASE_URL: 'postgres://bench@127.0.0.1:1/bench',
  SQ_OPENAI_KEY: 'not-a-real-key',
};

const plainJavaScript = (entry: string, outfile: string) =>
  build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node24',
    logLevel: 'warning',
  });

/**
 * The app as it would be without a bundle: dependencies come from node_modules, and `dependencies` are imported before
 * anything else. Our own source is one file all the same, in favour of this variant.
 */
const writeUnbundled = async (folder: string, name: string, dependencies: readonly string[]) => {
  const main = path.join(folder, 'unbundled-main.mjs');
  await plainJavaScript('src/main.ts', main);
  const entry = path.join(folder, `${name}.mjs`);
  const imports = dependencies.map((dependency) => `import '${dependency}';`);
  await writeFile(entry, [...imports, `await import('./${path.basename(main)}');`].join('\n'));
  return entry;
};

type Variant = { name: string; entry: string | null };

/** Runs a variant in a fresh process. @returns its wall time and what it registered. */
const measure = (script: string, { entry }: Variant) => {
  const parameters = [script, ...(entry === null ? [] : [pathToFileURL(entry).href])];
  const startedAt = performance.now();
  const output = execFileSync(process.execPath, parameters, { env: environment, encoding: 'utf8' });
  return { ms: performance.now() - startedAt, functions: output };
};

/** Our own packages that the bundle really holds, by the sources it was made of. */
const dependenciesOfBundle = async (dependencies: readonly string[]) => {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['src/main.ts'],
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    external: ['@azure/functions-core', 'pg-native'],
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const inputs = Object.keys(metafile.inputs);
  return dependencies.filter((name) => inputs.some((file) => file.startsWith(`node_modules/${name}/`)));
};

/** How long the app takes to register its functions in a fresh process, against the same app without a bundle. */
export const coldStart: Benchmark = {
  about: 'start-up of the built app against the unbundled one',
  options: { runs: { type: 'string', default: '11', about: 'fresh processes of each variant' } },
  bounds: { ratioToUnbundled: { atMost: 0.45 }, startupMb: { atMost: 2.5 } },
  async run({ runs }) {
    // The built app stands where there is no node_modules; the unbundled one needs ours.
    const built = await mkdtemp(path.join(tmpdir(), 'cold-start-'));
    const unbundled = path.join(root, 'node_modules/.cache', `cold-start-${process.pid}`);
    await mkdir(unbundled, { recursive: true });
    try {
      const chunks = await stageApp(built, 'local');
      const measured = path.join(built, 'cold-start-process.mjs');
      await plainJavaScript('bench/cold-start-process.ts', measured);
      execFileSync(process.execPath, [path.join(built, 'dist/check-config.mjs')], { env: environment });

      const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
      const dependencies = Object.keys(manifest.dependencies);
      const used = await dependenciesOfBundle(dependencies);
      const variants: Variant[] = [
        { name: 'bareNode', entry: null },
        { name: 'built', entry: path.join(built, 'dist/main.mjs') },
        { name: 'unbundled', entry: await writeUnbundled(unbundled, 'all', dependencies) },
        { name: 'unbundledUsed', entry: await writeUnbundled(unbundled, 'used', used) },
      ];
      const times = new Map(variants.map(({ name }) => [name, [] as number[]]));
      const functions = new Set<string>();
      for (let turn = 0; turn <= Number(runs); turn++) {
        for (const variant of variants) {
          const result = measure(measured, variant);
          if (turn > 0) times.get(variant.name)?.push(result.ms); // turn 0 fills the page cache
          if (variant.entry !== null) functions.add(result.functions);
        }
        progress(`cold-start: turn ${turn} of ${runs}`);
      }
      const [registered = '', ...others] = functions;
      if (others.length > 0) throw new Error(`the variants register different functions: ${[...functions]}`);
      if (JSON.parse(registered || '[]').length === 0) throw new Error('no function was registered');

      const ms = (name: string) => median(times.get(name) ?? []);
      const own = (name: string) => ms(name) - ms('bareNode');
      return {
        ratioToUnbundled: round(own('built') / own('unbundled')),
        startupMb: round(startupBytes(chunks) / 1_000_000),
        ratioToUnbundledUsed: round(own('built') / own('unbundledUsed')),
        bareNodeMs: round(ms('bareNode')),
        builtMs: round(ms('built')),
        unbundledMs: round(ms('unbundled')),
        unbundledUsedMs: round(ms('unbundledUsed')),
        imports: await measureImports(used, { folder: unbundled, runs: Math.min(Number(runs), 5) }),
        unusedDependencies: dependencies.filter((name) => !used.includes(name)),
        functions: JSON.parse(registered),
        runs: Number(runs),
      };
    } finally {
      await rm(built, { recursive: true, force: true });
      await rm(unbundled, { recursive: true, force: true });
    }
  },
};
