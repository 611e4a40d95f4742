import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pieces } from '../../support/byte-pieces.ts';
import { faultsOf, openai, read, readAll, readOne, secret } from '../support/question-lines.ts';

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
    const questions = await read(
      readFileSync(join(import.meta.dirname, '../../../examples/questions.jsonl')),
    );
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
