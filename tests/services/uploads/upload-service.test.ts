import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { maxPartBytes } from '../../../src/contract/upload.ts';
import { pieces } from '../../support/byte-pieces.ts';
import { keysOf, type OpenUploads, openUploads, questionsOf, sha256 } from '../support/open-uploads.ts';

let open: OpenUploads;
beforeAll(async () => {
  open = await openUploads();
});
afterAll(() => open.close());

const text = '{"id":"a","prompt":"x"}\n{"id":"b","prompt":"y"}\n{"id":';
const rest = '"c","prompt":"z"}\n';
const unknownId = '0198c0de-0000-7000-8000-0000000000ff';
const hour = 60 * 60 * 1000;

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
