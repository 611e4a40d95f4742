import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

const root = join(import.meta.dirname, '../..');

/** Runs one of our scripts as npm does, with an environment that holds none of the developer's own settings. */
function run(script: string, args: string[], env: Record<string, string> = {}) {
  const child: ChildProcess = spawn(process.execPath, [join(root, script), ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { text: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output.text += text;
    });
  }
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  const until = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (const end = Date.now() + 60_000; Date.now() < end; ) {
      const match = pattern.exec(output.text);
      if (match !== null) return match;
      if (child.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`${script} did not say ${pattern}:\n${output.text}`);
  };
  return { child, output, code, until };
}

describe('npm start', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sq-start-'));
  const dataDir = join(folder, 'data');
  const start = (...args: string[]) => run('local/start.ts', ['--data', dataDir, '--port', '0', ...args]);
  let running: ReturnType<typeof run>;

  beforeAll(async () => {
    running = start();
    await running.until(/Ctrl-C stops/);
  }, 90_000);
  afterAll(async () => {
    running.child.kill('SIGTERM');
    await running.code;
    rmSync(folder, { recursive: true });
  });

  const hostFile = () => JSON.parse(readFileSync(join(dataDir, 'host.json'), 'utf8'));

  it('says each step, the URL, and the admin key once', () => {
    const steps = [...running.output.text.matchAll(/^✓ (\w+) +\d+ ms {2}\S/gm)].map(([, name]) => name);
    expect(steps).toEqual(['settings', 'database', 'migrations', 'host']);
    expect(running.output.text).toContain(readFileSync(join(dataDir, 'admin-key'), 'utf8').trim());
    expect(running.output.text).toContain(`${hostFile().url}/api/docs  API`);
    expect(running.output.text).toContain(`${hostFile().url}  dashboard`);
  });

  it('keeps its secrets in files that only their owner may read', () => {
    for (const file of ['host.json', 'admin-key', 'database-url']) {
      expect([file, statSync(join(dataDir, file)).mode & 0o777]).toEqual([file, 0o600]);
    }
    expect(hostFile().pid).toBe(running.child.pid);
  });

  it('serves: a question is answered and recorded in the embedded database', async () => {
    const { url, key } = hostFile();
    const response = await fetch(`${url}/api/v1/inferences`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ provider: 'echo', model: 'echo', prompt: 'Are you there?' }),
    });
    expect(response.status).toBe(201);
    const { id } = (await response.json()) as { id: string };
    const client = new Client({
      connectionString: readFileSync(join(dataDir, 'database-url'), 'utf8').trim(),
    });
    await client.connect();
    const { rows } = await client.query('select outcome from inference_runs where id = $1', [id]);
    await client.end();
    expect(rows).toEqual([{ outcome: 'ok' }]);
  });

  it('keeps large files in its data folder', async () => {
    const { url, key } = hostFile();
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const made = await fetch(`${url}/api/v1/uploads`, { method: 'POST', headers, body: '{}' });
    const { id } = (await made.json()) as { id: string };
    const sha256 = createHash('sha256').update('part').digest('hex');
    const part = await fetch(`${url}/api/v1/uploads/${id}/parts/1?sha256=${sha256}`, {
      method: 'PUT',
      headers: { ...headers, 'content-type': 'application/octet-stream' },
      body: 'part',
    });
    expect(part.status).toBe(200);
    expect(readFileSync(join(dataDir, 'artifacts/uploads', id, '1'), 'utf8')).toBe('part');
  });

  it('refuses a second start on the same data folder and says who has it', async () => {
    const second = start();
    expect(await second.code).toBe(1);
    expect(second.output.text).toContain(`in use by process ${running.child.pid}`);
    expect(second.output.text).toContain(hostFile().url);
    expect(existsSync(join(dataDir, 'host.json'))).toBe(true);
  });

  it('says which port is taken, once and without a stack', async () => {
    const { port } = new URL(hostFile().url);
    const databaseUrl = readFileSync(join(dataDir, 'database-url'), 'utf8').trim();
    const args = ['--data', join(folder, 'second'), '--port', port];
    const second = run('local/start.ts', args, { DATABASE_URL: databaseUrl });
    expect(await second.code).toBe(1);
    expect(second.output.text.trim().split('\n').at(-1)).toMatch(
      `Port ${port} is in use by another program. Choose another`,
    );
    expect(second.output.text).not.toContain('EADDRINUSE');
  });

  it('starts the database again when its process is killed; the host answers again', async () => {
    const lock = JSON.parse(readFileSync(join(dataDir, 'postgres.lock'), 'utf8'));
    process.kill(lock.pid, 'SIGKILL');
    await running.until(/starting it again/);
    const ready = async () => (await fetch(`${hostFile().url}/api/ready`)).status;
    const end = Date.now() + 30_000;
    while ((await ready()) !== 200 && Date.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await ready()).toBe(200);
  }, 60_000);

  it('stops in order on ctrl-C, removes host.json, and keeps key and rows for the next start', async () => {
    const key = readFileSync(join(dataDir, 'admin-key'), 'utf8');
    running.child.kill('SIGINT');
    expect(await running.code).toBe(0);
    expect(running.output.text).toMatch(/stopped\n$/);
    for (const file of ['host.json', 'database-url', 'start.lock', 'postgres.lock']) {
      expect([file, existsSync(join(dataDir, file))]).toEqual([file, false]);
    }
    running = start();
    await running.until(/Ctrl-C stops/);
    expect(running.output.text).not.toContain(key.trim());
    const list = await fetch(`${hostFile().url}/api/v1/inferences`, {
      headers: { authorization: `Bearer ${key.trim()}` },
    });
    expect(await list.json()).toMatchObject({ data: [{ outcome: 'ok' }] });
  }, 90_000);
});

describe('npm start with what it cannot use', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sq-start-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('names every faulty setting in one message and starts nothing', async () => {
    const start = run('local/start.ts', ['--data', folder], {
      SQ_LOG_LEVEL: 'loud',
      SQ_DATABASE_POOL_SIZE: '0',
    });
    expect(await start.code).toBe(1);
    expect(start.output.text).toMatch(
      /SQ_LOG_LEVEL[\s\S]*SQ_DATABASE_POOL_SIZE|SQ_DATABASE_POOL_SIZE[\s\S]*SQ_LOG_LEVEL/,
    );
    expect(existsSync(join(folder, 'postgres'))).toBe(false);
    expect(existsSync(join(folder, 'start.lock'))).toBe(false);
  });

  it.each([
    [['--port', 'many'], '--port must be a number'],
    [['--unknown'], "Unknown option '--unknown' (--help says more)"],
  ])('refuses %j', async (args, message) => {
    const start = run('local/start.ts', ['--data', folder, ...args]);
    expect(await start.code).toBe(2);
    expect(start.output.text).toContain(message);
  });

  it.each([
    ['', 'is the folder of a program'],
    ['README.md', 'cannot be made'],
  ])('takes no data folder like %j, and leaves what is there alone', async (dataDir, message) => {
    const before = readFileSync(join(root, 'host.json'), 'utf8');
    const start = run('local/start.ts', ['--data', dataDir]);
    expect(await start.code).toBe(1);
    expect(start.output.text).toContain(message);
    expect(readFileSync(join(root, 'host.json'), 'utf8')).toBe(before);
    expect(existsSync(join(root, 'start.lock'))).toBe(false);
  });

  it('says that Core Tools are missing when --func wants them', async () => {
    const start = run('local/start.ts', ['--data', folder, '--func'], { PATH: folder });
    expect(await start.code).toBe(1);
    expect(start.output.text).toContain('Core Tools ("func") are not installed');
  });
});
