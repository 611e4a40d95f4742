import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { maxPartBytes } from '../../src/contract/upload.ts';
import { inlineQuestions } from '../../src/services/inline-questions.ts';
import { pieces } from '../support/byte-pieces.ts';
import { type OpenUploads, openUploads, questionsOf, sha256 } from './support/open-uploads.ts';

let open: OpenUploads;
beforeAll(async () => {
  open = await openUploads();
});
afterAll(() => open.close());

const text = '{"id":"a","prompt":"x"}\n{"id":"b","prompt":"y"}\n{"id":';
const rest = '"c","prompt":"z"}\n';
const unknownId = '0198c0de-0000-7000-8000-0000000000ff';
const hour = 60 * 60 * 1000;
const keysOf = async (file: Parameters<typeof questionsOf>[0]) =>
  (await questionsOf(file)).map((question) => ('item' in question ? question.item.itemKey : question.faults));

describe('the parts of an upload', () => {
  it('arrive in any order, and again after a failure; the file is their sum', async () => {
    const { service, put } = open;
    const { id } = await open.create();
    await put(id, 2, rest);
    await put(id, 1, 'something else first');
    const breaking = async function* () {
      yield Buffer.from(text.slice(0, 10));
      throw new Error('connection lost');
    };
    const broken = service.putPart(id, { partNumber: 1, sha256: sha256(text), content: breaking() });
    await expect(broken).rejects.toThrow('connection lost');
    expect(await put(id, 1, text)).toMatchObject({
      status: 'open',
      bytes: text.length + rest.length,
      parts: [
        { partNumber: 1, bytes: text.length, sha256: sha256(text) },
        { partNumber: 2, bytes: rest.length, sha256: sha256(rest) },
      ],
    });
    const whole = sha256(text + rest);
    const done = await service.complete(id, { partCount: 2, sha256: whole });
    expect(done).toMatchObject({ status: 'completed', sha256: whole });
    expect(await service.get(id)).toEqual(done);
    const file = await service.openQuestions(id);
    expect(file.sha256).toBe(whole);
    expect(await keysOf(file)).toEqual(['a', 'b', 'c']);
    await file.dispose();
    expect(await keysOf(file)).toEqual(['a', 'b', 'c']);
  });

  it('are refused with a wrong hash, and the former part stays', async () => {
    const { id } = await open.create();
    await open.put(id, 1, text + rest);
    const wrong = open.service.putPart(id, {
      partNumber: 1,
      sha256: sha256(text),
      content: pieces('other bytes'),
    });
    await expect(wrong).rejects.toMatchObject({
      code: 'invalid_request',
      faults: [{ pointer: '?sha256', message: 'is not that of the body' }],
    });
    expect(await open.files(`uploads/${id}`)).toEqual(['1']);
    await open.service.complete(id, { partCount: 1 });
    expect(await keysOf(await open.service.openQuestions(id))).toEqual(['a', 'b', 'c']);
  });

  it('have a largest size and number, and so has their sum', async () => {
    const { id } = await open.create();
    let taken = 0;
    const endless = async function* () {
      for (;;) {
        taken += 1;
        yield new Uint8Array(1024 * 1024);
      }
    };
    const large = open.service.putPart(id, { partNumber: 1, sha256: sha256(''), content: endless() });
    await expect(large).rejects.toMatchObject({ code: 'payload_too_large' });
    expect(taken).toBe(maxPartBytes / (1024 * 1024) + 1);
    for (const partNumber of [0, 101, 1.5]) {
      const odd = open.service.putPart(id, { partNumber, sha256: sha256(''), content: pieces() });
      await expect(odd).rejects.toMatchObject({ code: 'invalid_request' });
    }
    expect(await open.files(`uploads/${id}`)).toEqual([]);
    const most = new Uint8Array(maxPartBytes);
    for (let partNumber = 1; partNumber <= 23; partNumber += 1) await open.put(id, partNumber, most);
    await expect(open.put(id, 24, most)).rejects.toMatchObject({ code: 'payload_too_large' });
    await open.put(id, 23, most);
    await open.service.delete(id);
  }, 60_000);

  it('must all be there, and no other', async () => {
    const { id } = await open.create();
    const complete = (partCount: number) => open.service.complete(id, { partCount });
    await expect(complete(1)).rejects.toMatchObject({ code: 'conflict', message: 'Part 1 is missing.' });
    await open.put(id, 2, text);
    await open.put(id, 5, text);
    await expect(complete(4)).rejects.toMatchObject({
      code: 'conflict',
      message: 'Parts 1, 3, 4 are missing. Part 5 is beyond partCount 4.',
    });
    expect((await open.service.get(id)).status).toBe('open');
  });

  it('that have been lost or changed on the way are named', async () => {
    const { id } = await open.create();
    for (const partNumber of [1, 2, 3]) await open.put(id, partNumber, text);
    await open.artifacts.delete(`uploads/${id}/2`);
    await open.artifacts.write(`uploads/${id}/3`, pieces('tampered'));
    await expect(open.service.complete(id, { partCount: 3 })).rejects.toMatchObject({
      code: 'conflict',
      message: 'Parts 2, 3 are no longer kept whole: send them again.',
    });
  });
});

describe('an upload', () => {
  it('is completed with the same facts as often as one likes, and with no other', async () => {
    const { id } = await open.create();
    await open.put(id, 1, text);
    const wrong = open.service.complete(id, { partCount: 1, sha256: sha256('x') });
    await expect(wrong).rejects.toMatchObject({
      code: 'invalid_request',
      faults: [{ pointer: '/sha256', message: expect.any(String) }],
    });
    const whole = { partCount: 1, sha256: sha256(text) };
    const [first, second] = await Promise.all([
      open.service.complete(id, whole),
      open.service.complete(id, { partCount: 1 }),
    ]);
    expect(second).toEqual(first);
    expect(await open.service.complete(id, whole)).toEqual(first);
    for (const other of [{ partCount: 2 }, { partCount: 1, sha256: sha256('x') }]) {
      await expect(open.service.complete(id, other)).rejects.toMatchObject({ code: 'conflict' });
    }
    await expect(open.put(id, 1, 'other')).rejects.toMatchObject({ code: 'conflict' });
    await expect(open.put(id, 2, 'other')).rejects.toMatchObject({ code: 'conflict' });
    expect((await keysOf(await open.service.openQuestions(id))).slice(0, 2)).toEqual(['a', 'b']);
  });

  it('has no questions while it is open, nor once its bytes are others', async () => {
    const { id } = await open.create();
    await open.put(id, 1, text);
    await expect(open.service.openQuestions(id)).rejects.toMatchObject({ code: 'conflict' });
    await open.service.complete(id, { partCount: 1 });
    const file = await open.service.openQuestions(id);
    await open.artifacts.write(`uploads/${id}/1`, pieces(rest));
    await expect(questionsOf(file)).rejects.toMatchObject({ code: 'conflict' });
    await open.artifacts.delete(`uploads/${id}/1`);
    await expect(questionsOf(file)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('that is unknown or deleted is not found by any method', async () => {
    const { id } = await open.create();
    await open.put(id, 1, text);
    await open.service.delete(id);
    expect(await open.files(`uploads/${id}`)).toEqual([]);
    for (const missing of [id, unknownId]) {
      for (const work of [
        () => open.service.get(missing),
        () => open.put(missing, 1, text),
        () => open.service.complete(missing, { partCount: 1 }),
        () => open.service.delete(missing),
        () => open.service.openQuestions(missing),
      ]) {
        await expect(work()).rejects.toMatchObject({ code: 'not_found' });
      }
    }
  });

  it('leaves nothing behind when it is deleted while a part arrives', async () => {
    const { id } = await open.create();
    const content = async function* () {
      yield Buffer.from('half');
      await open.service.delete(id);
      yield Buffer.from('rest');
    };
    const put = open.service.putPart(id, {
      partNumber: 1,
      sha256: sha256('halfrest'),
      content: content(),
    });
    await expect(put).rejects.toMatchObject({ code: expect.stringMatching(/^(conflict|not_found)$/) });
    expect(await open.files(`uploads/${id}`)).toEqual([]);
  });

  it('is gone a day after its last part, with its files', async () => {
    const { clock, service } = open;
    const startedAt = clock.now;
    const { id } = await open.create();
    clock.now = startedAt + 20 * hour;
    await open.put(id, 1, text);
    const other = await open.create();
    clock.now = startedAt + 43 * hour;
    await service.expire();
    expect((await service.get(id)).bytes).toBe(text.length);
    clock.now = startedAt + 44 * hour;
    await expect(service.get(id)).rejects.toMatchObject({ code: 'not_found' });
    expect(await service.expire()).toBe(2);
    expect(await open.files(`uploads/${id}`)).toEqual([]);
    await expect(service.get(other.id)).rejects.toMatchObject({ code: 'not_found' });
    expect(await service.expire()).toBe(0);
    clock.now = startedAt;
    await expect(service.get(id)).rejects.toMatchObject({ code: 'not_found' });
  });
});

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
  it.each(['identity', 'gzip'] as const)('is kept, %s, until it is disposed of', async (encoding) => {
    const body = encoding === 'gzip' ? gzipSync(text + rest) : Buffer.from(text + rest);
    const file = await open.service.spoolQuestions(pieces(body.subarray(0, 20), body.subarray(20)), encoding);
    expect(file.sha256).toBe(sha256(body));
    expect(await keysOf(file)).toEqual(['a', 'b', 'c']);
    expect(await keysOf(file)).toEqual(['a', 'b', 'c']);
    expect(await open.files('spool')).toHaveLength(1);
    await file.dispose();
    await file.dispose();
    expect(await open.files('spool')).toEqual([]);
  });

  it('has a largest size, and is not kept beyond', async () => {
    const mebibytes = async function* () {
      for (let count = 0; count < 17; count += 1) yield new Uint8Array(1024 * 1024);
    };
    await expect(open.service.spoolQuestions(mebibytes(), 'identity')).rejects.toMatchObject({
      code: 'payload_too_large',
    });
    expect(await open.files('spool')).toEqual([]);
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
