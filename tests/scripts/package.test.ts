import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startHostProcess } from '../../local/host/start-host-process.ts';
import { packageApp } from '../../scripts/package.ts';
import { copyPublished } from '../support/copy-published.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const root = join(import.meta.dirname, '../..');
const adminKey = `sq_${'p'.repeat(43)}`;

/** What the platform must find. A wrong `main`, or a throw while loading, leaves none of them and a host that looks well. */
const functions = [
  'batch',
  'batchLane',
  'batches',
  'embed',
  'export',
  'exports',
  'inferences',
  'keys',
  'openai',
  'prices',
  'providers',
  'runBatchLane',
  'runEmbedding',
  'runExport',
  'schedules',
  'search',
  'session',
  'study',
  'tick',
  'uploads',
  'zApi',
  'zzDashboard',
];

describe('what is published', () => {
  let folder: string;
  let database: TestDatabase;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sq-package-'));
    database = await createTestDatabase();
  });
  afterAll(async () => {
    await database.drop();
    await rm(folder, { recursive: true });
  });

  /** Starts the local host on a folder that stands alone, and asks a question of it. */
  const ask = async (appDir: string) => {
    expect(await readdir(appDir)).not.toContain('node_modules');
    const host = await startHostProcess({
      appDir,
      port: 0,
      env: { PATH: process.env.PATH, DATABASE_URL: database.url, SQ_ADMIN_KEY: adminKey },
    });
    try {
      expect(host.functions).toEqual(functions);
      const response = await fetch(`${host.url}/api/v1/inferences`, {
        method: 'POST',
        headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ provider: 'echo', model: 'echo-1', prompt: 'Is anybody there?' }),
      });
      expect([response.status, (await response.json()).outcome]).toEqual([201, 'ok']);
      expect((await fetch(`${host.url}/api/docs/swagger-ui.css`)).status).toBe(200);
      const dashboard = await fetch(host.url, { headers: { accept: 'text/html' } });
      expect([dashboard.status, await dashboard.text()]).toEqual([200, expect.stringContaining('/assets/')]);
      expect(await host.warnings()).toEqual([]);
    } finally {
      await host.stop();
    }
  };

  it('works alone in an empty folder, and is small', async () => {
    const { app, maps, bytes } = await packageApp(join(folder, 'packed'));
    expect(bytes).toBeLessThan(12_000_000);
    expect((await readdir(maps)).filter((name) => !name.endsWith('.map'))).toEqual([]);
    expect((await readdir(app)).toSorted()).toEqual(['dist', 'host.json', 'package.json']);
    const alone = join(folder, 'alone');
    await cp(app, alone, { recursive: true });
    await rm(app, { recursive: true });
    await ask(alone);
  }, 60_000);

  it('is also what the root leaves for a plain publish', async () => {
    const published = join(folder, 'published');
    await copyPublished(root, published);
    expect((await readdir(published)).toSorted()).toEqual(['dist', 'host.json', 'package.json']);
    await ask(published);
  }, 60_000);

  it('has a host.json for extension bundle 4', async () => {
    const host = JSON.parse(await readFile(join(root, 'host.json'), 'utf8'));
    expect(host).toMatchObject({
      version: '2.0',
      functionTimeout: '00:10:00',
      extensionBundle: { id: 'Microsoft.Azure.Functions.ExtensionBundle', version: '[4.36.0, 5.0.0)' },
    });
  });

  it('tells how it is used', () => {
    const help = execFileSync(process.execPath, [join(root, 'scripts/package.ts'), '--help'], {
      encoding: 'utf8',
    });
    expect(help).toContain('func azure functionapp publish');
  });
});
