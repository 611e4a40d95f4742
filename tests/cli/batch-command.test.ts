import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { batchHelp } from '../../cli/batch-help.ts';
import {
  batchId,
  exampleBatchDetail,
  exampleBatchResult,
  finishedBatch,
} from '../support/example-batches.ts';
import { sendEvents, sendJson, sendProblem, startFakeBatchApi, uploadId } from '../support/fake-batch-api.ts';

const script = join(import.meta.dirname, '../../cli/batch-command.ts');
const path = `/api/v1/batches/${batchId}`;
const folder = mkdtempSync(join(tmpdir(), 'sq-batch-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'questions.jsonl');
const table = join(folder, 'questions.csv');
writeFileSync(table, 'id,prompt\na,x\n');
writeFileSync(file, '{"id":"a","prompt":"x"}\n{"id":"b","prompt":"y"}\n');

/** Runs the command as a process of its own, as npm does, without a terminal. */
const run = (words: string[], onOutput: (stdout: string, kill: () => void) => void = () => {}) => {
  const child = spawn(process.execPath, [script, ...words], {
    env: { PATH: process.env.PATH, SQ_KEY: 'sq_key' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  let isKilled = false;
  const kill = () => {
    if (!isKilled) child.kill('SIGINT');
    isKilled = true;
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    onOutput(stdout, kill);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, stdout, stderr })),
  );
};
const echo = ['--provider', 'echo', '--model', 'echo-1'];

describe('npm run batch', () => {
  it('sends the file, says what it may cost, watches the batch and shows the table', async () => {
    await using api = await startFakeBatchApi();
    const results = join(folder, 'answers.jsonl');
    const { code, stdout, stderr } = await run([
      ...[file, ...echo, '--url', api.url, '--name', 'mine', '--max-cost', '0.5', '--repeat', '1'],
      ...['--temperature', '0.5', '--results', results],
    ]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('2 questions, at most 0.5 USD, limited to 0.5 USD');
    expect(stdout).toContain('0/2 done');
    expect(stdout).toContain('2/2 done, 0.25 USD, completed');
    expect(stdout).toMatch(/│ echo +│ echo-1 │ +2 │ +0 │ +10 │ +20 │ +0\.25 │ +40 │ +40 │/);
    expect(stdout).toContain('2 of 2 answered, 10 tokens in, 20 tokens out, 0.25 USD');
    expect(stdout).toContain(`npm run batch -- --attach ${batchId} --url ${api.url}`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    const lines = readFileSync(results, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      exampleBatchResult(),
      exampleBatchResult({ itemKey: 'b', position: 1 }),
    ]);

    const [started] = api.callsOf('POST /api/v1/batches');
    expect(started?.headers).toMatchObject({ authorization: 'Bearer sq_key' });
    expect(started?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.parse(String(started?.body))).toMatchObject({
      uploadId,
      name: 'mine',
      targets: [{ provider: 'echo', model: 'echo-1', parameters: { temperature: 0.5 } }],
      maxCostUsd: '0.5',
    });
  });

  it('ends with 1 when questions failed, and groups them by cause', async () => {
    const error = { code: 'server_error', message: 'broken', retryable: true };
    await using api = await startFakeBatchApi({
      [`GET ${path}/events`]: (_, response) => {
        sendEvents(response, ['1', finishedBatch({ ok: 1, provider_error: 1 })]);
        response.end();
      },
      [`GET ${path}/results`]: (_, response) => {
        for (const result of [
          exampleBatchResult(),
          exampleBatchResult({ outcome: 'provider_error', error }),
        ]) {
          response.write(`${JSON.stringify(result)}\n`);
        }
        response.end();
      },
    });
    const { code, stdout } = await run([file, ...echo, '--url', api.url]);
    expect(code).toBe(1);
    expect(stdout).toContain('1 × echo: provider_error: broken');
    expect(stdout).toContain('1 of 2 answered');
    expect(stdout).toContain(`--retry-failed ${batchId}`);
  });

  it('offers to ask again only what that may help, and says what a cap wants', async () => {
    await using api = await startFakeBatchApi({
      [`GET ${path}/events`]: (_, response) => {
        sendEvents(response, ['1', finishedBatch({ content_filtered: 1, budget_skipped: 1 })]);
        response.end();
      },
    });
    const { code, stdout } = await run(['--attach', batchId, '--url', api.url]);
    expect(code).toBe(1);
    expect(stdout).not.toContain('--retry-failed');
    expect(stdout).toContain('--max-output-tokens');
    expect(stdout).toContain(`${api.url}/batches/${batchId}`);
  });

  it('only estimates where that is asked for, and says which price is unknown', async () => {
    await using api = await startFakeBatchApi({
      'POST /api/v1/batches/estimate': (_, response) => {
        const target = { provider: 'echo', model: 'echo-1', asked: 2 };
        const tokens = { inputTokens: 1, maxInputTokens: 2, maxOutputTokens: 3 };
        const unpriced = { inputCostUsd: null, maxCostUsd: null };
        const targets = [{ ...target, ...tokens, ...unpriced }];
        sendJson(response, { planned: 4, asked: 2, targets, ...unpriced });
      },
    });
    const { code, stdout } = await run([file, ...echo, '--estimate', '--url', api.url]);
    expect(code).toBe(0);
    expect(stdout).toContain(
      '4 questions, 2 of them asked, the others share an answer, unknown price of echo-1 (echo)',
    );
    expect(api.callsOf('POST /api/v1/batches')).toEqual([]);
  });

  it('shows which lines of the file are refused', async () => {
    await using api = await startFakeBatchApi({
      'POST /api/v1/batches/estimate': (_, response) =>
        sendProblem(response, 400, 'The questions are not valid.', [
          { pointer: 'line 2/prompt', message: 'is missing' },
          { pointer: 'line 7', message: 'is not valid JSON' },
        ]),
    });
    const { code, stderr } = await run([file, ...echo, '--url', api.url]);
    expect(code).toBe(2);
    expect(stderr).toBe(
      'batch: The questions are not valid.\n  line 2/prompt: is missing\n  line 7: is not valid JSON\n',
    );
  });

  it('leaves the batch running on ctrl-C and says how to come back', async () => {
    await using api = await startFakeBatchApi({
      [`GET ${path}/events`]: (_, response) => sendEvents(response, ['1', exampleBatchDetail()]),
    });
    const { code, stdout } = await run([file, ...echo, '--url', api.url], (output, kill) => {
      if (output.includes('0/2 done')) kill();
    });
    expect(code).toBe(130);
    expect(stdout).toContain(
      `The batch goes on. To come back: npm run batch -- --attach ${batchId} --url ${api.url}`,
    );
    expect(api.callsOf(`POST ${path}/cancel`)).toEqual([]);
  });

  it('has started nothing when ctrl-C comes before', async () => {
    await using api = await startFakeBatchApi({ 'POST /api/v1/batches/estimate': () => {} });
    const { code, stdout } = await run([file, ...echo, '--url', api.url], (output, kill) => {
      if (output.includes('uploaded')) kill();
    });
    expect([code, stdout.trim().split('\n').at(-1)]).toEqual([130, 'Nothing was started.']);
  });

  it('comes back to a batch, and writes its answers in the format of OpenAI', async () => {
    await using api = await startFakeBatchApi();
    const results = join(folder, 'openai.jsonl');
    const { code, stdout } = await run([
      ...['--attach', batchId, '--url', api.url, '--results', results, '--format', 'openai'],
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain('2 of 2 answered');
    expect(readFileSync(results, 'utf8')).toBe('{"custom_id":"a"}\n{"custom_id":"b"}\n');
    expect(api.calls.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  it.each(['pause', 'resume', 'cancel', 'retry-failed'])('passes on --%s', async (action) => {
    await using api = await startFakeBatchApi({
      [`POST ${path}/${action}`]: (_, response) =>
        sendJson(response, exampleBatchDetail({ status: 'paused' })),
    });
    const { code, stdout } = await run([`--${action}`, batchId, '--url', api.url]);
    expect(code).toBe(0);
    expect(stdout).toContain(`batch ${batchId}: paused`);
  });

  it('explains itself', async () => {
    const { code, stdout } = await run(['--help']);
    expect([code, stdout]).toEqual([0, `${batchHelp}\n`]);
    expect(stdout).toContain('Ctrl-C leaves it running');
  });

  it.each([
    [[join(folder, 'none.jsonl'), ...echo], 'none.jsonl does not exist'],
    [[folder, ...echo], 'is no file'],
    [[table, ...echo], 'questions.csv is a table, and questions are JSON lines'],
    [[], 'which file of questions?'],
    [[file], 'which provider?'],
    [[file, ...echo, '--nonsense'], "Unknown option '--nonsense' (--help says more)"],
    [[file, ...echo, '--results', join(folder, 'none/x.jsonl')], 'nothing can be written to'],
    [[file, ...echo, '--url', 'http://127.0.0.1:1'], 'http://127.0.0.1:1 does not answer'],
    [['--attach', batchId, '--url', 'http://127.0.0.1:1'], 'does not answer'],
  ])('ends with 2 and one line for %j', async (words, said) => {
    const { code, stderr } = await run(words);
    expect(code).toBe(2);
    expect(stderr).toContain(said);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
