import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '../..');

describe('npm run demo', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sq-demo-'));
  const dataDir = join(folder, 'data');
  afterAll(() => rmSync(folder, { recursive: true }));

  const demo = (args: string[], onOutput: (text: string, pid: number) => void = () => {}) => {
    const child = spawn(process.execPath, [join(root, 'scripts/demo.ts'), '--data', dataDir, ...args], {
      env: { PATH: process.env.PATH },
      // A group of its own, so that a signal reaches all of it, as ctrl-C on a terminal does.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        onOutput(output, child.pid ?? 0);
      });
    }
    return new Promise<{ code: number | null; output: string }>((resolve) =>
      child.once('close', (code) => resolve({ code, output })),
    );
  };
  const nothingRuns = () => {
    for (const file of ['host.json', 'start.lock', 'postgres.lock']) {
      expect([file, existsSync(join(dataDir, file))]).toEqual([file, false]);
    }
  };

  let first: { code: number | null; output: string };
  beforeAll(async () => {
    first = await demo([]);
  }, 90_000);

  it('asks two providers, shows the table, says where the rows are and leaves nothing running', () => {
    expect(first.code).toBe(0);
    const rows = [...first.output.matchAll(/^│ (echo\S*) +│ echo +│ +(\d+) │ +(\d+) │/gm)];
    expect(rows.map(([, name, answered, failed]) => [name, Number(answered) + Number(failed)])).toEqual([
      ['echo', 12],
      ['echo-slow', 12],
    ]);
    expect(first.output).toMatch(/^24\/24 done.*, completed$/m);
    expect(first.output).toContain('(echo-slow fails on purpose)');
    expect(first.output).toMatch(/24 rows recorded, found again by GET \/api\/v1\/inferences\?batchId=/);
    expect(first.output).toContain(join(dataDir, 'database-url').split('/').slice(-2).join('/'));
    nothingRuns();
  });

  it('ends with 1 and the reason when the questions are no questions', async () => {
    const file = join(folder, 'broken.jsonl');
    writeFileSync(file, '{"id":"a","prompt":"ok"}\n{"id":"b"}\n');
    const { code, output } = await demo(['--questions', file]);
    expect(code).toBe(1);
    expect(output).toContain(`${file}:2 is no`);
    writeFileSync(file, '\n');
    expect(await demo(['--questions', file])).toMatchObject({
      code: 1,
      output: expect.stringContaining('has no questions'),
    });
  });

  it('stops everything on ctrl-C', async () => {
    let sent = false;
    const { code } = await demo([], (output, pid) => {
      if (sent || !output.includes('questions to')) return;
      sent = true;
      process.kill(-pid, 'SIGINT');
    });
    expect(sent).toBe(true);
    expect(code).toBe(1);
    nothingRuns();
  }, 60_000);
});
