import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { GivenQuestion } from '../../src/services/question-file.ts';
import { readQuestionLines } from '../../src/services/read-question-lines.ts';
import { pieces } from '../support/byte-pieces.ts';

const secret = 'sk-never-shown';

const readAll = async (
  content: AsyncIterable<Uint8Array>,
  limits: Parameters<typeof readQuestionLines>[1] = {},
): Promise<GivenQuestion[]> => {
  const questions: GivenQuestion[] = [];
  for await (const question of readQuestionLines(content, limits)) questions.push(question);
  return questions;
};
const read = (text: string | Uint8Array) => readAll(pieces(text));
const readOne = async (value: unknown): Promise<GivenQuestion> => {
  const [question, ...others] = await read(JSON.stringify(value));
  if (question === undefined || others.length > 0) throw new Error('not exactly one question');
  return question;
};
/** Pointers with their messages; a question without fault fails the test. */
const faultsOf = async (value: unknown): Promise<Record<string, string>> => {
  const question = await readOne(value);
  if (!('faults' in question)) throw new Error('the line was taken');
  expect(JSON.stringify(question)).not.toContain(secret);
  return Object.fromEntries(question.faults.map(({ pointer, message }) => [pointer, message]));
};

const openai = (body: object = {}, line: object = {}) => ({
  custom_id: 'q1',
  method: 'POST',
  url: '/v1/chat/completions',
  body: { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Why?' }], ...body },
  ...line,
});

describe('lines of our own form', () => {
  it('are questions, with `id` in the place of `itemKey` too', async () => {
    const own = { itemKey: 'a', messages: [{ role: 'user', content: 'ä€😀' }], metadata: { n: 1 } };
    expect(await readOne(own)).toEqual({ place: 'line 1', item: own, model: null });
    expect(await readOne({ id: 'b', prompt: 'Why?' })).toEqual({
      place: 'line 1',
      item: { itemKey: 'b', prompt: 'Why?' },
      model: null,
    });
  });

  it('are those of the example', async () => {
    const questions = await read(readFileSync(join(import.meta.dirname, '../../examples/questions.jsonl')));
    expect(questions).toHaveLength(12);
    expect(questions.every((question) => 'item' in question)).toBe(true);
  });

  it.each<[string, object, Record<string, unknown>]>([
    ['no key', { prompt: 'x' }, { 'line 1/itemKey': 'is missing' }],
    ['a wrong id', { id: 7, prompt: 'x' }, { 'line 1/id': expect.any(String) }],
    ['both names', { id: 'a', itemKey: 'a', prompt: 'x' }, { 'line 1/id': 'is not supported' }],
    ['no question', { id: 'a' }, { 'line 1/prompt': 'give exactly one of prompt and messages' }],
    ['an unknown member', { id: 'a', prompt: 'x', 'a/b': secret }, { 'line 1/a~1b': 'is not supported' }],
    [
      'a bad parameter',
      { id: 'a', prompt: 'x', parameters: { temperature: 9 } },
      { 'line 1/parameters/temperature': expect.any(String) },
    ],
    [
      'a bad role',
      { id: 'a', messages: [{ role: secret, content: secret }] },
      { 'line 1/messages/0/role': expect.any(String) },
    ],
  ])('are refused with %s, by name', async (_name, line, faults) => {
    expect(await faultsOf(line)).toEqual(faults);
  });
});

describe("lines of OpenAI's batch format", () => {
  it('are questions with the model that they name', async () => {
    const question = await readOne(
      openai({
        messages: [
          { role: 'developer', content: 'Be brief.' },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'W' },
              { type: 'text', text: 'hy?' },
            ],
          },
          { role: 'assistant', content: 'Because.' },
        ],
        temperature: 0.5,
        top_p: 0.9,
        max_completion_tokens: 100,
        max_tokens: null,
        stop: 'END',
        seed: 1,
        presence_penalty: 0.1,
        frequency_penalty: -0.1,
        reasoning_effort: 'low',
        logprobs: true,
        top_logprobs: 3,
        response_format: { type: 'json_object' },
        metadata: { study: 'x' },
        n: 1,
        stream: false,
        user: secret,
        store: true,
        service_tier: 'auto',
      }),
    );
    expect(question).toEqual({
      place: 'line 1',
      model: 'gpt-4o-mini',
      item: {
        itemKey: 'q1',
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'Why?' },
          { role: 'assistant', content: 'Because.' },
        ],
        parameters: {
          temperature: 0.5,
          topP: 0.9,
          maxOutputTokens: 100,
          stop: ['END'],
          seed: 1,
          presencePenalty: 0.1,
          frequencyPenalty: -0.1,
          reasoningEffort: 'low',
          logprobs: true,
          topLogprobs: 3,
          responseFormat: { type: 'json_object' },
        },
        metadata: { study: 'x' },
      },
    });
  });

  it('may leave out everything but model and messages', async () => {
    expect(await readOne(openai({ max_tokens: 7, stop: ['a', 'b'] }))).toMatchObject({
      item: { parameters: { maxOutputTokens: 7, stop: ['a', 'b'] } },
    });
    expect(await readOne(openai())).toEqual({
      place: 'line 1',
      model: 'gpt-4o-mini',
      item: { itemKey: 'q1', messages: [{ role: 'user', content: 'Why?' }], parameters: {} },
    });
  });

  it.each<[object, object, string, unknown]>([
    [{ tools: [secret] }, {}, '/body/tools', 'is not supported'],
    [{ n: 2 }, {}, '/body/n', 'must be 1'],
    [{ stream: true }, {}, '/body/stream', 'must be false'],
    [{ temperature: 3 }, {}, '/body/temperature', expect.any(String)],
    [{ max_tokens: 1, max_completion_tokens: 1 }, {}, '/body/max_tokens', expect.any(String)],
    [{ response_format: { type: 'json_schema' } }, {}, '/body/response_format/type', expect.any(String)],
    [{ stop: [secret, ''] }, {}, '/body/stop/1', expect.any(String)],
    [{ stop: { secret } }, {}, '/body/stop', 'must be text or a list of texts'],
    [{ messages: [{ role: 'tool', content: secret }] }, {}, '/body/messages/0/role', expect.any(String)],
    [
      { messages: [{ role: 'user', content: secret, name: secret }] },
      {},
      '/body/messages/0/name',
      'is not supported',
    ],
    [{ messages: [{ role: 'user', content: null }] }, {}, '/body/messages/0/content', expect.any(String)],
    [
      { messages: [{ role: 'user', content: [{ type: 'refusal', text: secret }] }] },
      {},
      '/body/messages/0/content/0/type',
      'must be "text"',
    ],
    [{ model: undefined }, {}, '/body/model', 'is missing'],
    [{}, { url: '/v1/embeddings' }, '/url', 'must be "/v1/chat/completions"'],
    [{}, { method: 'GET' }, '/method', 'must be "POST"'],
    [{}, { custom_id: '' }, '/custom_id', expect.any(String)],
    [{}, { extra: secret }, '/extra', 'is not supported'],
    [{}, { body: secret }, '/body', expect.any(String)],
  ])('with body %j and %j are refused at %s', async (body, line, pointer, message) => {
    expect(await faultsOf(openai(body, line))).toEqual({ [`line 1${pointer}`]: message });
  });
});

describe('a file of lines', () => {
  it('may have a byte order mark, CRLF, blank lines and no line feed at its end; a bad line stands alone', async () => {
    const text = [
      '\ufeff{"id":"a","prompt":"x"}\r',
      '',
      '  \t\r',
      '{"id":"b"',
      '"text"',
      '[1]',
      `{"id":"${secret}}`,
      '{"id":"c","prompt":"y"}',
    ].join('\n');
    expect(await read(text)).toEqual([
      { place: 'line 1', item: { itemKey: 'a', prompt: 'x' }, model: null },
      { place: 'line 4', faults: [{ pointer: 'line 4', message: 'is not valid JSON' }] },
      { place: 'line 5', faults: [{ pointer: 'line 5', message: 'must be a JSON object' }] },
      { place: 'line 6', faults: [{ pointer: 'line 6', message: 'must be a JSON object' }] },
      { place: 'line 7', faults: [{ pointer: 'line 7', message: 'is not valid JSON' }] },
      { place: 'line 8', item: { itemKey: 'c', prompt: 'y' }, model: null },
    ]);
    expect(await read('')).toEqual([]);
    expect(await read('\n\r\n \n')).toEqual([]);
  });

  it('may have bytes that are no UTF-8, and JSON that is too deep: faults of those lines', async () => {
    const invalid = Buffer.concat([
      Buffer.from('{"id":"'),
      Buffer.from([0xff]),
      Buffer.from('","prompt":"x"}\n'),
    ]);
    const deep = Buffer.from(`${'['.repeat(100_000)}\n`);
    const good = Buffer.from('{"id":"c","prompt":"y"}\n');
    const questions = await readAll(pieces(invalid, deep, good));
    expect(questions).toMatchObject([
      { faults: [{ pointer: 'line 1', message: 'is not valid UTF-8' }] },
      { faults: [{ pointer: 'line 2', message: 'nests deeper than 64 levels' }] },
      { place: 'line 3', item: { itemKey: 'c' } },
    ]);
  });

  it('may have a line that is too long: a fault of that line, of which little is held', async () => {
    const endless = async function* () {
      const piece = new Uint8Array(1024 * 1024).fill(0x20);
      yield Buffer.from('{"id":"a","prompt":"');
      for (let count = 0; count < 150; count += 1) yield piece;
      yield Buffer.from('"}\n{"id":"b","prompt":"y"}');
    };
    const before = process.memoryUsage.rss();
    const questions = await readAll(endless());
    expect(questions).toMatchObject([
      { place: 'line 1', faults: [{ pointer: 'line 1', message: 'is longer than 16777216 bytes' }] },
      { place: 'line 2', item: { itemKey: 'b' } },
    ]);
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('has a largest number of lines and of bytes', async () => {
    const line = '{"id":"a","prompt":"x"}\n\n';
    const exactly = { maxLines: 3, maxBytes: 3 * line.length };
    expect(await readAll(pieces(line.repeat(3)), exactly)).toHaveLength(3);
    for (const limits of [{ maxLines: 2 }, { maxBytes: 3 * line.length - 1 }]) {
      await expect(readAll(pieces(line, line, line), limits)).rejects.toMatchObject({
        code: 'payload_too_large',
      });
    }
  });

  it('of nothing but line feeds is read quickly', async () => {
    const feeds = async function* () {
      for (let count = 0; count < 20; count += 1) yield new Uint8Array(1_000_000).fill(0x0a);
      yield Buffer.from('{}');
    };
    const startedAt = performance.now();
    expect(await readAll(feeds())).toMatchObject([{ place: 'line 20000001' }]);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  it('gives the same questions however its bytes are cut into pieces', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 10 }).map((given) => given.toWellFormed());
    const line = fc.oneof(
      fc.record({ id: text, prompt: text }).map((value) => JSON.stringify(value)),
      text.map((content) =>
        JSON.stringify(openai({ messages: [{ role: 'user', content: `€😀${content}` }] })),
      ),
      fc.constantFrom('', ' ', '{', '[]', '{"id":"a","prompt":"x"} x'),
    );
    const file = fc
      .tuple(
        fc.constantFrom('', '\ufeff'),
        fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n')), { maxLength: 8 }),
        line,
      )
      .map(([mark, lines, last]) => Buffer.from(mark + lines.flat().join('') + last));
    const sizes = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(file, sizes, async (bytes, given) => {
        const cut: Uint8Array[] = [];
        let start = 0;
        for (const size of given) {
          cut.push(bytes.subarray(start, start + size));
          start += size;
        }
        expect(await readAll(pieces(...cut, bytes.subarray(start)))).toEqual(await read(bytes));
      }),
      { numRuns: 300 },
    );
  });
});
