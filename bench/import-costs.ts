import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { median, progress, round } from './benchmark.ts';

const root = path.resolve(import.meta.dirname, '..');

/** What costs less than this isn't worth a lazy import, in ms. */
const heavyMs = 15;

/** One package as it is in the app's bundle: minified, in one file. */
const bundlePackage = async (name: string, outfile: string): Promise<void> => {
  await build({
    absWorkingDir: root,
    stdin: { contents: `export * from '${name}';`, resolveDir: root },
    outfile,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    logLevel: 'silent',
    external: ['@azure/functions-core', 'pg-native'],
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
  });
};

/** Wall time of a fresh process that imports the file, or nothing. */
const measure = (file: string | null): number => {
  const code = file === null ? '' : `await import(${JSON.stringify(pathToFileURL(file).href)});`;
  const startedAt = performance.now();
  // Ends at once, as the measured app does: some packages leave timers and connections behind.
  const script = `${code}process.exit(0)`;
  execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    env: { PATH: process.env.PATH },
    stdio: 'ignore',
  });
  return performance.now() - startedAt;
};

/**
 * What each package costs when it is imported, in ms, each time in a fresh process, the process itself taken off. Only what is
 * heavy, the heaviest first.
 * @param folder for the bundles; it is the caller's to delete
 */
export const measureImports = async (
  packages: readonly string[],
  { folder, runs }: { folder: string; runs: number },
): Promise<Record<string, number>> => {
  // The worker brings the core of @azure/functions; nothing loads without it.
  const names = packages.filter((name) => name !== '@azure/functions' && name !== 'durable-functions');
  const files: [string, string | null][] = [['', null]];
  for (const name of names) {
    const file = path.join(folder, `import-${name.replaceAll(/\W/g, '-')}.mjs`);
    try {
      await bundlePackage(name, file);
      files.push([name, file]);
    } catch {
      progress(`cold-start: ${name} has no entry of its own`);
    }
  }
  const times = new Map(files.map(([name]) => [name, [] as number[]]));
  for (let turn = 0; turn <= runs; turn++) {
    for (const [name, file] of files) {
      const ms = measure(file);
      if (turn > 0) times.get(name)?.push(ms); // turn 0 fills the page cache
    }
    progress(`cold-start: imports, turn ${turn} of ${runs}`);
  }
  const bare = median(times.get('') ?? []);
  const costs = names.flatMap((name): [string, number][] => {
    const measured = times.get(name);
    return measured === undefined ? [] : [[name, round(median(measured) - bare)]];
  });
  return Object.fromEntries(costs.filter(([, ms]) => ms >= heavyMs).sort(([, a], [, b]) => b - a));
};
