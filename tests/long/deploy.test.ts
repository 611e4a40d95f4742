import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RunningApp, startApp } from '../support/running-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const root = join(import.meta.dirname, '../..');
const names = ['template', 'account', 'what-if', 'provision', 'package', 'migrate', 'publish', 'smoke test'];

describe('npm run deploy', () => {
  let folder: string;
  let database: TestDatabase;
  let app: RunningApp;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sq-deploy-'));
    database = await createTestDatabase();
    app = await startApp(database.url);
  }, 60_000);
  afterAll(async () => {
    await app.host.stop();
    await database.drop();
    await rm(folder, { recursive: true });
  });

  /** Programs in the place of `az` and `func` that write down how they were called. */
  const fakeTools = async (outputs: Record<string, string>, funcEndsWith = 0) => {
    const calls = join(folder, 'calls');
    await rm(calls, { force: true });
    const answer = Object.fromEntries(
      Object.entries(outputs).map(([name, value]) => [name, { type: 'String', value }]),
    );
    await writeFile(join(folder, 'outputs.json'), JSON.stringify(answer));
    await writeFile(
      join(folder, 'az'),
      `#!/bin/sh\necho "az $*" >> ${calls}\ncase "$*" in *create*) cat ${folder}/outputs.json;; esac\n`,
    );
    await writeFile(
      join(folder, 'func'),
      `#!/bin/sh\necho "func $* in $(ls | tr '\\n' ' ')" >> ${calls}\nexit ${funcEndsWith}\n`,
    );
    for (const tool of ['az', 'func']) await chmod(join(folder, tool), 0o755);
    return async () => (await readFile(calls, 'utf8')).trim().split('\n');
  };
  const outputsOf = (more: Record<string, string> = {}) => ({
    AZURE_RESOURCE_GROUP: 'rg-test',
    AZURE_FUNCTION_APP_NAME: 'func-test',
    APP_URL: app.host.url,
    DURABLE_BACKEND: 'storage',
    DATABASE_SERVER: '127.0.0.1',
    DATABASE_NAME: 'study',
    DATABASE_APP_ROLE: 'id-test',
    DATABASE_MIGRATION_ROLE: 'id-test',
    ...more,
  });

  const run = async (...words: string[]) => {
    const child = spawn(
      process.execPath,
      [join(root, 'scripts/deploy.ts'), '--out', join(folder, 'out'), ...words],
      {
        env: {
          PATH: `${folder}${delimiter}${process.env.PATH}`,
          HOME: process.env.HOME,
          SQ_ADMIN_KEY: app.adminKey,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
    }
    const code = await new Promise((resolve) => child.once('close', resolve));
    return { code, text };
  };
  const stepsIn = (text: string) => [...text.matchAll(/^\[\d\/8\] ([a-z- ]+):/gm)].map(([, name]) => name);

  it('shows every step in a dry run, does what needs no Azure, and calls nothing', async () => {
    const calls = await fakeTools(outputsOf());
    const { code, text } = await run('--dry-run');
    expect([code, stepsIn(text)]).toEqual([0, names]);
    expect(text).toContain('would run az deployment sub what-if');
    expect(text).toContain('would run func azure functionapp publish FUNCTION_APP --no-build');
    expect(text).toMatch(/\d+ files, \d+\.\d MB/);
    expect(text).toContain('To go back');
    expect(text).not.toContain(app.adminKey);
    await expect(calls()).rejects.toThrow('ENOENT');
  }, 60_000);

  it('provisions, publishes and asks a question, in this order', async () => {
    const calls = await fakeTools(outputsOf());
    const { code, text } = await run('--yes', '--location', 'northeurope');
    expect([code, stepsIn(text)]).toEqual([0, names]);
    const made = await calls();
    expect(made.map((call) => call.split(' ').slice(0, 4).join(' '))).toEqual([
      'az account show --output',
      'az deployment sub what-if',
      'az deployment sub create',
      'func azure functionapp publish',
    ]);
    expect(made[2]).toContain('--location northeurope');
    expect(made[3]).toBe(
      'func azure functionapp publish func-test --no-build in dist host.json package.json',
    );
    const hostJson = JSON.parse(await readFile(join(folder, 'out/app/host.json'), 'utf8'));
    expect(hostJson.extensions.durableTask.storageProvider.type).toBe('AzureStorage');
    expect(text).toContain('the app does so itself');
    expect(text).toContain(`Deployed: ${app.host.url}`);
    const id = /recorded as ([0-9a-f-]{36})/.exec(text)?.[1];
    expect((await app.send(`/api/v1/inferences/${id}`)).status).toBe(200);
    expect(text).not.toContain(app.adminKey);
  }, 60_000);

  it('stops where something fails, and says how to go back', async () => {
    const calls = await fakeTools(outputsOf(), 3);
    const { code, text } = await run('--yes');
    expect([code, stepsIn(text).at(-1)]).toEqual([1, 'publish']);
    expect(text).toContain('func azure ended with 3');
    expect(text).toContain('To go back');
    expect((await calls()).at(-1)).toMatch(/^func /);
  }, 60_000);

  it('migrates through the role that owns the schema, and publishes nothing when that fails', async () => {
    const calls = await fakeTools(
      outputsOf({ DATABASE_MIGRATION_ROLE: 'id-migrate-test', DATABASE_SERVER: 'nowhere.invalid' }),
    );
    const { code, text } = await run('--yes');
    expect([code, stepsIn(text).at(-1)]).toEqual([1, 'migrate']);
    expect((await calls()).filter((call) => call.startsWith('func'))).toEqual([]);
  }, 60_000);

  it('asks before it changes anything, and refuses what it does not know', async () => {
    await fakeTools(outputsOf());
    const unasked = await run();
    expect([unasked.code, stepsIn(unasked.text).at(-1)]).toEqual([1, 'provision']);
    expect(unasked.text).toContain('give --yes');
    expect(unasked.text).toMatch(/Nothing was changed\.\n$/);
    expect((await run('--nonsense')).code).toBe(2);
    expect((await run('--help')).text).toContain('--dry-run');
  }, 60_000);
});
