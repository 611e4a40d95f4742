import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { sql } from 'slonik';
import { Attempt, Inference } from '../../../src/contract/inference.ts';
import { toOpenaiBatchOutput } from '../../../src/contract/openai-batch-output.ts';
import {
  createWorker,
  exampleBatch,
  exampleInputs,
  first,
  settlementOf,
} from '../../support/open-batches.ts';
import { type OpenExports, openExports } from '../support/open-exports.ts';

let open: OpenExports;
beforeAll(async () => {
  open = await openExports();
});
afterAll(() => open.close());

const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');
type Cells = Record<string, string>;
const readCsv = (content: Buffer): Cells[] =>
  parse(content, { columns: true, record_delimiter: '\r\n', relax_quotes: false, bom: false });

/** What a reader does to a cell of text to have the text again. */
const unguard = (cell: string) => (/^'+[=+\-@\t\r\n]/.test(cell) ? cell.slice(1) : cell);

describe('a CSV file of runs', () => {
  it('has each fact in a column of its own; what is unknown is empty, never 0', async () => {
    const model = 'csv-1';
    await open.record(
      {
        model,
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'Say "hi", please\nnow' },
        ],
        parameters: { temperature: 0.5, maxOutputTokens: 9, stop: ['a', 'b'] },
        metadata: { topic: 'greeting' },
      },
      { costUsd: '0.000123', text: '' },
    );
    await open.record(
      { model },
      { usage: null, costUsd: null, text: null, outcome: 'timeout', latencyMs: 0 },
    );
    const made = await open.create({ what: 'runs', format: 'csv', filter: { model } });
    expect(made).toMatchObject({ status: 'ready', rows: 2, error: null });
    const content = await open.download(made.id);
    expect(made).toMatchObject({ bytes: content.length, sha256: sha256(content) });
    const [one = {}, two = {}] = readCsv(content);
    expect(one).toMatchObject({
      outcome: 'ok',
      model,
      system_prompt: 'Be brief.',
      prompt: 'Say "hi", please\nnow',
      messages: '',
      text: '',
      input_tokens: '5',
      cached_input_tokens: '',
      usage_estimated: 'false',
      cost_usd: '0.000123',
      temperature: '0.5',
      max_output_tokens: '9',
      stop: '["a", "b"]',
      metadata: '{"topic": "greeting"}',
    });
    expect(one.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(two).toMatchObject({ input_tokens: '', cost_usd: '', latency_ms: '0', text: '', price_id: '' });
    // Nothing and an empty text are told apart by the quotes.
    expect(content.toString()).toContain(',"",');
  });

  it('gives every text back, and no cell that a spreadsheet would compute (100 files of odd texts)', async () => {
    const oddStart = fc.constantFrom('', '=', '+', '-', '@', '\t', '\r', '\n', "'", "'=", "''+", '"', ',');
    const text = fc
      .tuple(oddStart, fc.string({ unit: 'grapheme', maxLength: 20 }))
      .map((both) => both.join('').replaceAll('\u0000', '').toWellFormed());
    let file = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 3 }), async (texts) => {
        file += 1;
        const model = `odd-${file}`;
        for (const [prompt, answer] of texts) {
          await open.record(
            { model, messages: [{ role: 'user', content: prompt }] },
            { text: answer, error: { code: 'x', message: answer, retryable: false } },
          );
        }
        const { id } = await open.create({ what: 'runs', format: 'csv', filter: { model } });
        const rows = readCsv(await open.download(id));
        const read = rows.map((row) =>
          [row.prompt, row.text, row.error_message].map((cell = '') => unguard(cell)),
        );
        expect(read).toEqual(texts.map(([prompt, answer]) => [prompt, answer, answer]));
        for (const row of rows) {
          for (const name of ['prompt', 'text', 'error_message', 'model']) {
            expect(row[name]).not.toMatch(/^[=+\-@\t\r\n]/);
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('files of JSON', () => {
  it('hold what the API answers, but for the address of a trace', async () => {
    const model = 'json-1';
    const ids = [
      await open.record({ model }),
      await open.record({ model, messages: [{ role: 'user', content: '=1' }] }),
    ];
    for (const format of ['json', 'jsonl'] as const) {
      const { id } = await open.create({ what: 'runs', format, filter: { model } });
      const text = (await open.download(id)).toString();
      const rows: unknown[] =
        format === 'json'
          ? JSON.parse(text)
          : text
              .trimEnd()
              .split('\n')
              .map((line) => JSON.parse(line));
      expect(rows).toHaveLength(2);
      for (const [index, row] of rows.entries()) {
        const { rawAnswer, attempts, traceUrl, ...stored } =
          (await open.inferences.findInference(ids[index] ?? '')) ?? {};
        const { createdAt, settledAt, ...rest } = row as Inference;
        const { createdAt: storedAt = '', settledAt: endedAt = '', ...others } = stored as Inference;
        expect(rest).toEqual(others);
        expect([Date.parse(createdAt), Date.parse(settledAt ?? '')]).toEqual([
          Date.parse(storedAt),
          Date.parse(endedAt ?? ''),
        ]);
        expect(Inference.safeParse({ ...(row as object), traceUrl: null }).success).toBe(true);
      }
    }
  });

  it('are whole without any row', async () => {
    const filter = { model: 'nobody-asked' };
    const made = await open.create({ what: 'runs', format: 'json', filter });
    expect(JSON.parse((await open.download(made.id)).toString())).toEqual([]);
    const lines = await open.create({ what: 'runs', format: 'jsonl', filter });
    expect(lines).toMatchObject({ status: 'ready', rows: 0, bytes: 0 });
    expect((await open.service.read(lines.id, null)).to).toBe(-1);
    const csv = await open.create({ what: 'runs', format: 'csv', filter });
    expect((await open.download(csv.id)).toString()).toMatch(/^id,created_at,.*\r\n$/);
  });

  it('hold attempts under the run they belong to', async () => {
    const model = 'attempts-1';
    const id = await open.record({ model });
    const made = await open.create({ what: 'attempts', format: 'jsonl', filter: { model } });
    const { inferenceId, ...attempt } = JSON.parse((await open.download(made.id)).toString());
    expect(inferenceId).toBe(id);
    expect(Attempt.parse(attempt)).toMatchObject({ attemptNumber: 1, outcome: 'ok', costUsd: '0.000123' });
    const csv = await open.create({ what: 'attempts', format: 'csv', filter: { model } });
    expect(readCsv(await open.download(csv.id))).toMatchObject([
      { inference_id: id, attempt_number: '1', http_status: '200', model },
    ]);
  });

  it('hold every attempt, also behind runs that have none', async () => {
    const model = 'attempts-2';
    const ids: string[] = [];
    for (let count = 0; count < 6; count += 1) ids.push(await open.record({ model }));
    const pool = await open.pool.connect();
    for (const id of [ids[0], ids[2], ids[3]]) {
      await pool.query(sql.unsafe`delete from inference_attempts where run_id = ${id ?? ''}`);
    }
    const { runner, service } = open.openProcess({ pageBytes: 1 });
    const request = { what: 'attempts', format: 'json', filter: { model } } as const;
    const { id } = await service.create(request, { apiKeyId: null });
    while ((await runner.runTurn(id, { withinMs: 60_000 })).next === 'again');
    const rows: { inferenceId: string }[] = JSON.parse((await open.download(id)).toString());
    expect(rows.map(({ inferenceId }) => inferenceId)).toEqual([ids[1], ids[4], ids[5]]);
    expect((await service.get(id)).rows).toBe(3);
    for (let after: string | null = null, found = 0; ; ) {
      const before = new Date(open.clock.now).toISOString();
      const page = await open.repository.readRows({ ...request, before, after }, { limit: 1, maxBytes: 1e6 });
      found += page.rows;
      after = page.after;
      if (!page.isLast) continue;
      expect(found).toBe(3);
      break;
    }
  });

  it('hold the settled items of a batch', async () => {
    const batch = exampleBatch();
    await open.batches.insertBatch(batch, exampleInputs(3, { metadata: { a: 1 } }));
    const worker = createWorker(open.batches);
    for (let count = 0; count < 2; count += 1) {
      const item = first(await worker.lease(batch.id, 1));
      const { run } = await worker.begin(item);
      await open.batches.settleItem(settlementOf(item, run));
    }
    const request = { what: 'results', filter: { batchId: batch.id } } as const;
    const csv = await open.create({ ...request, format: 'csv' });
    expect(readCsv(await open.download(csv.id))).toMatchObject([
      { position: '0', item_key: 'item-0', prompt: 'Question 0?', text: 'Forty-two.', metadata: '{"a": 1}' },
      { position: '1', item_key: 'item-1', prompt: 'Question 1?', outcome: 'ok' },
    ]);
    const lines = await open.create({ ...request, format: 'jsonl' });
    const { data } = await open.batches.listBatchResults(batch.id, { limit: 10, maxBytes: 1e6 });
    const read = (await open.download(lines.id)).toString().trimEnd().split('\n');
    const timeless = ({ settledAt, ...rest }: { settledAt: unknown }) => rest;
    expect(read.map((line) => timeless(JSON.parse(line)))).toEqual(data.map(timeless));
    const openai = await open.create({ ...request, format: 'openai' });
    const output = (await open.download(openai.id)).toString().trimEnd().split('\n');
    expect(output.map((line) => JSON.parse(line))).toEqual(data.map((result) => toOpenaiBatchOutput(result)));
    const none = await open.create({
      ...request,
      format: 'jsonl',
      filter: { batchId: batch.id, outcome: 'refused' },
    });
    expect(none.rows).toBe(0);
  });
});
