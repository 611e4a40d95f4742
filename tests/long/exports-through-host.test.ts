import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import pg from 'pg';
import { Export } from '../../src/contract/export.ts';
import { type RunningApp, startApp } from '../support/running-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const command = join(import.meta.dirname, '../../cli/export-command.ts');
const count = 800;

describe('an export through the host', () => {
  let database: TestDatabase;
  let client: pg.Client;
  let folder: string;
  let settings: Record<string, string>;

  beforeAll(async () => {
    database = await createTestDatabase();
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    folder = await mkdtemp(join(tmpdir(), 'sq-export-e2e-'));
    settings = { SQ_ARTIFACTS_DIR: join(folder, 'artifacts') };
    // 45 KB each: more than is made while the caller waits.
    await client.query(
      `insert into inference_runs (
        id, status, outcome, provider, model, messages, prompt_text, answer_text, parameters, request_hash,
        created_at, lease_until, settled_at
      )
      select gen_random_uuid(), 'settled', 'ok', 'echo', 'm', '[{"role": "user", "content": "?"}]', '?',
        n || ' ' || repeat('.', 45000), '{}', 'x', now() - interval '1 hour' + n * interval '1 ms', now(), now()
      from generate_series(1, $1::int) as n`,
      [count],
    );
  });

  afterAll(async () => {
    await client?.end();
    await database?.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const run = (app: RunningApp, words: string[]) => {
    const child = spawn(process.execPath, [command, ...words, '--url', app.host.url], {
      env: { PATH: process.env.PATH, SQ_KEY: app.adminKey },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      stderr += piece;
    });
    return new Promise<{ code: number | null; stderr: string }>((resolve) =>
      child.once('close', (code) => resolve({ code, stderr })),
    );
  };
  const numbersIn = (content: Buffer): number[] => {
    const rows: Record<string, string>[] = parse(content, { columns: true, record_delimiter: '\r\n' });
    return rows.map(({ text = '' }) => Number.parseInt(text, 10));
  };
  const all = Array.from({ length: count }, (_, index) => index + 1);

  it('that is killed while it writes is taken up again, and each row is in the file once', async () => {
    const first = await startApp(database.url, settings);
    const response = await first.post('/api/v1/exports', { what: 'runs', format: 'csv' });
    expect(response.status).toBe(202);
    const begun = Export.parse(await response.json());
    expect(response.headers.get('location')).toBe(`/api/v1/exports/${begun.id}`);
    expect(begun.rows).toBeGreaterThan(0);
    expect(begun.rows).toBeLessThan(count);
    await first.host.kill();

    const second = await startApp(database.url, settings);
    try {
      const path = `/api/v1/exports/${begun.id}`;
      const left = Export.parse(await (await second.send(path)).json());
      expect(left.status).toBe('running');
      expect((await second.send(`${path}/download`)).status).toBe(409);
      // As it looks when nobody has gone on with it for some minutes.
      await client.query(`update exports set progressed_at = now() - interval '10 minutes'`);
      expect((await second.send('/api/v1/tick', { method: 'POST' })).status).toBe(200);
      const out = join(folder, 'runs.csv');
      const { code, stderr } = await run(second, ['--id', begun.id, '--out', out]);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      const content = await readFile(out);
      const done = Export.parse(await (await second.send(path)).json());
      expect(done).toMatchObject({ status: 'ready', rows: count, bytes: content.length });
      expect(done.sha256).toBe(createHash('sha256').update(content).digest('hex'));
      expect(numbersIn(content)).toEqual(all);

      const whole = await second.send(`${path}/download`);
      expect([whole.status, whole.headers.get('content-range')]).toEqual([416, `bytes */${content.length}`]);
      const end = await second.send(`${path}/download`, { headers: { range: 'bytes=-100' } });
      expect(end.status).toBe(206);
      expect(end.headers.get('content-range')).toBe(
        `bytes ${content.length - 100}-${content.length - 1}/${content.length}`,
      );
      expect(Buffer.from(await end.arrayBuffer()).equals(content.subarray(-100))).toBe(true);
    } finally {
      await second.host.stop();
    }
  });

  it('is made by its orchestration, compressed, and comes by one command', async () => {
    const app = await startApp(database.url, settings);
    try {
      const out = join(folder, 'runs.jsonl.gz');
      const made = await run(app, ['--what', 'runs', '--format', 'jsonl', '--gzip', '--out', out]);
      expect(made).toMatchObject({ code: 0 });
      expect(made.stderr).toContain(`${count} rows`);
      const none = join(folder, 'none.csv');
      expect(await run(app, ['--what', 'runs', '--model', 'nobody', '--out', none])).toMatchObject({
        code: 0,
      });
      expect((await readFile(none, 'utf8')).split('\r\n')).toHaveLength(2);
      const refused = await run(app, ['--what', 'results', '--out', none]);
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--batch: is missing') });
    } finally {
      await app.host.stop();
    }
  });
});
