import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inlineQuestions } from '../../../src/services/batches/inline-questions.ts';
import { pieces } from '../../support/byte-pieces.ts';
import { keysOf, type OpenUploads, openUploads, questionsOf, sha256 } from '../support/open-uploads.ts';

let open: OpenUploads;
beforeAll(async () => {
  open = await openUploads();
});
afterAll(() => open.close());

const text = '{"id":"a","prompt":"x"}\n{"id":"b","prompt":"y"}\n{"id":"c","prompt":"z"}\n';

describe('a compressed file', () => {
  const lines = Array.from(
    { length: 2000 },
    (_, index) => `{"id":"${index}","prompt":"Question ${index}?"}\n`,
  );
  const packed = gzipSync(lines.join(''));

  it('is unpacked as it is read, whatever its parts; its hash is that of what was uploaded', async () => {
    const { id } = await open.upload(packed, 'gzip', 5000);
    const file = await open.service.openQuestions(id);
    expect(file.sha256).toBe(sha256(packed));
    expect(await keysOf(file)).toEqual(lines.map((_, index) => String(index)));
  });

  it('may have several members, and a bad line is named with its number and field', async () => {
    const members = Buffer.concat([
      gzipSync('\n{"id":"a","prompt":"x"}\n'),
      gzipSync('{"id":"b","prompt":7}'),
    ]);
    const { id } = await open.upload(members, 'gzip');
    const [, bad] = await questionsOf(await open.service.openQuestions(id));
    expect(bad).toMatchObject({ place: 'line 3', faults: [{ pointer: 'line 3/prompt' }] });
  });

  it.each<[string, Uint8Array, string]>([
    ['cut off', packed.subarray(0, -20), 'cut off'],
    ['cut off in its header', packed.subarray(0, 5), 'cut off'],
    ['not gzip at all', Buffer.from(text), 'not valid gzip'],
    ['followed by something', Buffer.concat([packed, Buffer.from('garbage')]), 'not valid gzip'],
    ['followed by zeros', Buffer.concat([packed, Buffer.alloc(10)]), 'something follows'],
    ['wrong in its checksum', Buffer.concat([packed.subarray(0, -8), Buffer.alloc(8, 1)]), 'not valid gzip'],
  ])('that is %s is refused', async (_name, content, message) => {
    const { id } = await open.upload(content, 'gzip');
    const file = await open.service.openQuestions(id);
    await expect(questionsOf(file)).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining(message),
    });
  });

  it('that unpacks to far too much is refused on the way, in little memory', async () => {
    // One member of 16 MiB of blanks and line feeds, 64 times: 1 GiB of 1 MB.
    const member = gzipSync(Buffer.alloc(16 * 1024 * 1024, `${' '.repeat(1023)}\n`));
    const { id } = await open.upload(Buffer.concat(Array.from({ length: 64 }, () => member)), 'gzip');
    const file = await open.service.openQuestions(id);
    const before = process.memoryUsage.rss();
    let most = before;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage.rss());
    }, 5);
    await expect(questionsOf(file)).rejects.toMatchObject({ code: 'payload_too_large' });
    clearInterval(watch);
    expect(most - before).toBeLessThan(100 * 1024 * 1024);
  }, 60_000);
});

describe('the body of a request', () => {
  const bodies = async () => (await open.files('uploads')).filter((name) => /body$|draft/.test(name));

  it.each(['identity', 'gzip'] as const)('is kept, %s, until it is disposed of', async (encoding) => {
    const body = encoding === 'gzip' ? gzipSync(text) : Buffer.from(text);
    const file = await open.service.spoolQuestions(pieces(body.subarray(0, 20), body.subarray(20)), encoding);
    expect(file.sha256).toBe(sha256(body));
    expect(await keysOf(file)).toEqual(['a', 'b', 'c']);
    expect(await keysOf(file)).toEqual(['a', 'b', 'c']);
    expect(await bodies()).toHaveLength(1);
    await file.dispose();
    await file.dispose();
    expect(await bodies()).toEqual([]);
  });

  it('has a largest size, and is not kept beyond', async () => {
    const mebibytes = async function* () {
      for (let count = 0; count < 17; count += 1) yield new Uint8Array(1024 * 1024);
    };
    await expect(open.service.spoolQuestions(mebibytes(), 'identity')).rejects.toMatchObject({
      code: 'payload_too_large',
    });
    expect(await bodies()).toEqual([]);
  });

  it('is deleted as an upload is when the process died that took it in', async () => {
    const dying = async function* () {
      yield Buffer.from('half of it');
      await new Promise<never>(() => {});
    };
    open.service.spoolQuestions(dying(), 'identity').catch(() => {});
    while ((await bodies()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    open.clock.now += 25 * 60 * 60 * 1000;
    await open.service.expire();
    expect(await bodies()).toEqual([]);
  });
});

describe('questions in a request', () => {
  it('have their places and a hash that does not depend on the order of members', async () => {
    const file = inlineQuestions([{ itemKey: 'a', prompt: 'x' }]);
    expect(await questionsOf(file)).toEqual([
      { place: '/items/0', item: { itemKey: 'a', prompt: 'x' }, model: null },
    ]);
    expect(file.sha256).toBe(inlineQuestions([{ prompt: 'x', itemKey: 'a' }]).sha256);
    expect(file.sha256).not.toBe(inlineQuestions([{ itemKey: 'b', prompt: 'x' }]).sha256);
    await file.dispose();
  });
});
