import { randomUUIDv7 } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { UploadPart } from '../../src/contract/upload.ts';
import { createPool, type LazyPool } from '../../src/db/create-pool.ts';
import { createUploadRepository } from '../../src/db/uploads/create-upload-repository.ts';
import type { NewUpload, UploadRepository } from '../../src/db/uploads/upload-repository.ts';
import { at } from '../support/open-batches.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

let database: TestDatabase;
let pool: LazyPool;
let repository: UploadRepository;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({ databaseUrl: database.url, size: 4 });
  repository = createUploadRepository({ pool });
});
afterAll(async () => {
  await pool?.end();
  await database?.drop();
});

const insert = async (overrides: Partial<NewUpload> = {}) =>
  repository.insertUpload({
    id: randomUUIDv7(),
    name: 'questions.jsonl',
    contentEncoding: 'gzip',
    apiKeyId: null,
    createdAt: at(0),
    expiresAt: at(100),
    ...overrides,
  });
const hex = (digit: string) => digit.repeat(64);
const part = (partNumber: number, bytes = 10, digit = 'a'): UploadPart => ({
  partNumber,
  bytes,
  sha256: hex(digit),
});
const put = (uploadId: string, given: UploadPart, seconds = 200) =>
  repository.putPart({ uploadId, ...given, expiresAt: at(seconds) });
const complete = (id: string, parts: UploadPart[]) =>
  repository.completeUpload({ id, sha256: hex('f'), parts, expiresAt: at(300) });

describe('an upload', () => {
  it('begins open and empty, and is found again', async () => {
    const made = await insert();
    expect(made).toEqual({
      id: made.id,
      name: 'questions.jsonl',
      contentEncoding: 'gzip',
      status: 'open',
      bytes: 0,
      parts: [],
      sha256: null,
      createdAt: at(0).toISOString(),
      expiresAt: at(100).toISOString(),
    });
    expect(await repository.findUpload(made.id)).toEqual(made);
    expect(await repository.findUpload(randomUUIDv7())).toBeNull();
  });

  it('takes parts in any order and again, and is pushed ahead by each, never back', async () => {
    const { id } = await insert();
    await put(id, part(2, 20));
    await put(id, part(1, 5, 'b'));
    const again = await put(id, part(2, 30, 'c'), 150);
    expect(again?.upload).toMatchObject({
      bytes: 35,
      parts: [part(1, 5, 'b'), part(2, 30, 'c')],
      expiresAt: at(200).toISOString(),
    });
    expect(await repository.findUpload(id)).toEqual(again?.upload);
    expect(await put(randomUUIDv7(), part(1))).toBeNull();
  });

  it('is completed once, and takes no part afterwards', async () => {
    const { id } = await insert();
    await put(id, part(1));
    const done = await complete(id, [part(1)]);
    expect(done?.upload).toMatchObject({
      status: 'completed',
      sha256: hex('f'),
      expiresAt: at(300).toISOString(),
    });
    expect(await complete(id, [part(1)])).toEqual({ upload: null, refused: 'completed' });
    expect(await put(id, part(1, 99, 'e'))).toEqual({ upload: null, refused: 'completed' });
    expect(await repository.findUpload(id)).toEqual(done?.upload);
    expect(await complete(randomUUIDv7(), [])).toBeNull();
  });

  it('is not completed with parts that were replaced meanwhile', async () => {
    const { id } = await insert();
    await put(id, part(1));
    await put(id, part(1, 10, 'b'));
    expect(await complete(id, [part(1)])).toEqual({ upload: null, refused: 'parts_changed' });
    expect(await repository.findUpload(id)).toMatchObject({ status: 'open', sha256: null });
  });

  it('has, after a part and a completion at once, the parts that it was completed with', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { id } = await insert();
      await put(id, part(1));
      const [replaced, completed] = await Promise.all([
        put(id, part(1, 10, 'b')),
        complete(id, [part(1)]),
        put(id, part(1, 10, 'a')),
      ]);
      const after = await repository.findUpload(id);
      if (completed?.refused === null) expect(after?.parts).toEqual([part(1)]);
      else expect([after?.status, replaced?.refused]).toEqual(['open', null]);
    }
  });

  it('is deleted with its parts', async () => {
    const { id } = await insert();
    await put(id, part(1));
    expect(await repository.deleteUpload(id)).toBe(true);
    expect(await repository.deleteUpload(id)).toBe(false);
    expect(await repository.findUpload(id)).toBeNull();
    expect(await put(id, part(1))).toBeNull();
  });

  it('is listed once its time has passed, the oldest first', async () => {
    const [second, first] = [await insert({ expiresAt: at(-50) }), await insert({ expiresAt: at(-60) })];
    const later = await insert({ expiresAt: at(-40) });
    expect(await repository.listExpiredUploads(at(-61), 10)).toEqual([]);
    expect(await repository.listExpiredUploads(at(-50), 10)).toEqual([first.id, second.id]);
    expect(await repository.listExpiredUploads(at(-1), 2)).toEqual([first.id, second.id]);
    expect(await repository.listExpiredUploads(at(-1), 3)).toEqual([first.id, second.id, later.id]);
  });
});
