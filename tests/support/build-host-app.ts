import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const fixtures = join(import.meta.dirname, '..', 'fixtures', 'host-app');

/** Bundles an entry point of tests/fixtures/host-app as the product's build does, into a folder of its own. */
export const buildHostApp = async (
  entry: 'guarded' | 'bare' | 'durable' | 'misconfigured',
): Promise<{ dir: string; remove(): Promise<void> }> => {
  const dir = await mkdtemp(join(tmpdir(), 'host-app-'));
  await build({
    entryPoints: [join(fixtures, `${entry}.ts`)],
    outfile: join(dir, 'main.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['@azure/functions-core'],
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
    logLevel: 'warning',
  });
  for (const file of ['host.json', 'package.json']) await copyFile(join(fixtures, file), join(dir, file));
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
};
