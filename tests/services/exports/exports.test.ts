import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ArtifactStore } from '../../../src/artifacts/artifact-store.ts';
import type { NewRun } from '../../../src/db/runs/inference-repository.ts';
import { type OpenExports, openExports } from '../support/open-exports.ts';

let open: OpenExports;
beforeAll(async () => {
  open = await openExports();
});
afterAll(() => open.close());

const unknownId = '0198c0de-0000-7000-8000-0000000000ff';
const someRuns = { what: 'runs', format: 'csv', gzip: false, filter: {}, options: {} } as const;
const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');

describe('a large export', () => {
  const model = 'large-1';
  const count = 60;
  const atOnce = { withinMs: 60_000, partBytes: 30_000 };
  const many = { withinMs: 60_000, partBytes: 30_000 };
  const long = 'long '.repeat(400);
  beforeAll(async () => {
    for (let index = 0; index < count; index += 1) {
      await open.record({ model, metadata: { index } }, { text: `${index} ${long}` });
    }
  });
  const indexes = (content: Buffer) =>
    content
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).metadata.index);
  const all = Array.from({ length: count }, (_, index) => index);

  /** Small pages, so that parts are made of several. */
  const begin = async (more: object = {}) => {
    const process = open.openProcess({ atOnce, pageBytes: 10_000, ...more });
    const request = { what: 'runs', format: 'jsonl', filter: { model } } as const;
    return { ...process, request };
  };

  it('is begun at once, gone on with by its orchestration, and whole in the end', async () => {
    const { service, runner, request } = await begin();
    for (const gzip of [false, true]) {
      const made = await service.create({ ...request, gzip }, { apiKeyId: null });
      const before = await open.repository.openExport(made.id);
      expect(made.status).toBe('running');
      expect(open.conductor.startedExports).toContainEqual({ id: made.id, generation: 1 });
      expect(before?.parts).toHaveLength(1);
      while ((await runner.runTurn(made.id, { ...many, maxParts: 1 })).next === 'again');
      const done = await service.get(made.id);
      const content = await open.download(made.id);
      expect(done).toMatchObject({
        status: 'ready',
        rows: count,
        sha256: sha256(content),
        bytes: content.length,
      });
      expect(indexes(gzip ? gunzipSync(content) : content)).toEqual(all);
    }
  });

  it('goes on behind what is kept when its worker is gone, with one hash for the whole', async () => {
    const writes: string[] = [];
    const failing: ArtifactStore = {
      ...open.artifacts,
      write: async (name, content) => {
        writes.push(name);
        if (writes.length === 2) {
          for await (const _ of content) break;
          throw new Error('killed');
        }
        return open.artifacts.write(name, content);
      },
    };
    const { service, runner, request } = await begin({ artifacts: failing });
    const made = await service.create(request, { apiKeyId: null });
    await expect(runner.runTurn(made.id, many)).rejects.toThrow('killed');
    expect(open.logger.lines).toContainEqual(expect.objectContaining({ level: 'warn', exportId: made.id }));
    const left = await service.get(made.id);
    expect(left).toMatchObject({ status: 'running', sha256: null });
    expect(left.rows).toBeGreaterThan(0);
    await open.runner.runTurn(made.id, many);
    const content = await open.download(made.id);
    expect(await service.get(made.id)).toMatchObject({
      status: 'ready',
      rows: count,
      sha256: sha256(content),
    });
    expect(indexes(content)).toEqual(all);
  });

  it('is written once by two workers at the same time', async () => {
    const { service, request } = await begin();
    const made = await service.create(request, { apiKeyId: null });
    const workers = [1, 2, 3].map(() => open.openProcess({ pageBytes: 10_000 }));
    await Promise.all(workers.map(({ runner }) => runner.runTurn(made.id, many)));
    const content = await open.download(made.id);
    expect(indexes(content)).toEqual(all);
    expect((await service.get(made.id)).sha256).toBe(sha256(content));
    await service.delete(made.id);
  });

  it('leaves no file behind when it is deleted while a worker commits a part', async () => {
    const [deleted, committed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { service, runner, request } = await begin({
      artifacts: {
        ...open.artifacts,
        write: async (name, content) => {
          if (!name.includes('/1-')) await deleted.promise;
          return open.artifacts.write(name, content);
        },
        delete: async (name) => {
          await open.artifacts.delete(name);
          if (name.includes('/2-')) return;
          deleted.resolve();
          await committed.promise;
        },
      } satisfies ArtifactStore,
    });
    const files = await open.files();
    const made = await service.create(request, { apiKeyId: null });
    const turn = runner.runTurn(made.id, { ...many, maxParts: 1 });
    const deletion = service.delete(made.id);
    await turn;
    committed.resolve();
    await deletion;
    expect(await open.files()).toEqual(files);
  });

  it('leaves out what is recorded after it was begun', async () => {
    const { service, runner, request } = await begin();
    const made = await service.create(request, { apiKeyId: null });
    await open.record({ model, createdAt: new Date(open.clock.now + 1), metadata: { index: 'late' } });
    await runner.runTurn(made.id, many);
    expect(indexes(await open.download(made.id))).toEqual(all);
  });
});

describe('a page of rows', () => {
  // What the database compresses counts as long as it is, and so does what only preprocessing had.
  const monotonous = 'ab'.repeat(100_000);
  const varied = Array.from({ length: 9_000 }, (_, index) => (index * 2_654_435_761).toString(36)).join('');

  it.each([
    ['the original messages', (text: string) => ({ originalMessages: [{ role: 'user', content: text }] })],
    ['variables', (text: string) => ({ preprocessing: { variables: { text } } })],
    ['labels', (text: string) => ({ metadata: { text } })],
    ['messages', (text: string) => ({ messages: [{ role: 'user', content: text }] })],
  ] satisfies [string, (text: string) => Partial<NewRun>][])(
    'ends in time where %s are long',
    async (what, longOf) => {
      const model = `page of ${what}`;
      for (let round = 0; round < 4; round += 1) {
        for (const text of [monotonous, varied]) await open.record({ model, ...longOf(text) });
      }
      for (const format of ['csv', 'jsonl'] as const) {
        const before = new Date(open.clock.now).toISOString();
        const rows = { what: 'runs', format, filter: { model }, before, after: null } as const;
        const page = await open.repository.readRows(rows, { limit: 500, maxBytes: 200_000 });
        expect(page.rows).toBeGreaterThan(0);
        expect(page.text.length).toBeLessThan(500_000);
      }
    },
  );
});

describe('reading an export', () => {
  it('gives any bytes, over the borders of parts', async () => {
    const { service, runner } = open.openProcess({
      atOnce: { withinMs: 60_000, partBytes: 1 },
      pageBytes: 10_000,
    });
    const made = await service.create(
      { what: 'runs', format: 'jsonl', filter: { model: 'large-1' } },
      { apiKeyId: null },
    );
    while ((await runner.runTurn(made.id, { withinMs: 0, partBytes: 1 })).next === 'again');
    const content = await open.download(made.id);
    const read = async (wanted: Parameters<typeof service.read>[1]) => {
      const piece = await service.read(made.id, wanted);
      const pieces: Uint8Array[] = [];
      for await (const part of piece.content) pieces.push(part);
      expect(piece.to - piece.from + 1).toBe(Buffer.concat(pieces).length);
      return Buffer.concat(pieces);
    };
    for (const [from, to] of [
      [0, 0],
      [1000, 50_000],
      [content.length - 5, content.length + 99],
      [77, null],
    ] as const) {
      expect(
        (await read({ from, to })).equals(content.subarray(from, to === null ? undefined : to + 1)),
      ).toBe(true);
    }
    expect((await read({ last: 7 })).equals(content.subarray(-7))).toBe(true);
    expect((await read(null)).equals(content)).toBe(true);
    await expect(read({ from: content.length, to: null })).rejects.toMatchObject({
      code: 'range_not_satisfiable',
    });
    await expect(read({ last: 0 })).rejects.toMatchObject({ code: 'range_not_satisfiable' });
  });

  it('is refused while there is no file', async () => {
    const id = '0198c0de-0000-7000-8000-00000000e001';
    const [createdAt, expiresAt] = [new Date(open.clock.now), new Date(open.clock.now + 1e6)];
    await open.repository.insertExport({ ...someRuns, id, apiKeyId: null, createdAt, expiresAt });
    await expect(open.service.read(id, null)).rejects.toMatchObject({ code: 'conflict' });
    await expect(open.service.read(unknownId, null)).rejects.toMatchObject({ code: 'not_found' });
    await open.service.delete(id);
    await expect(open.service.get(id)).rejects.toMatchObject({ code: 'not_found' });
    await expect(open.service.delete(id)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('the tick', () => {
  it('gives an export that stands still another orchestration, and up in the end', async () => {
    const id = '0198c0de-0000-7000-8000-00000000e002';
    const [createdAt, expiresAt] = [new Date(open.clock.now), new Date(open.clock.now + 1e9)];
    await open.repository.insertExport({ ...someRuns, id, apiKeyId: null, createdAt, expiresAt });
    await open.service.tend();
    expect(open.conductor.startedExports.filter((start) => start.id === id)).toEqual([]);
    for (let minutes = 0; minutes < 30; minutes += 1) {
      open.clock.now += 60_000;
      await open.service.tend();
    }
    const generations = open.conductor.startedExports.filter((start) => start.id === id);
    expect(generations.map(({ generation }) => generation)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await open.service.get(id)).toMatchObject({ status: 'failed', error: expect.any(String) });
    await expect(open.service.read(id, null)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('deletes exports after a week, with their files', async () => {
    const made = await open.create({ what: 'runs', format: 'csv' });
    expect(await open.files()).not.toEqual([]);
    open.clock.now += 7 * 24 * 3_600_000;
    await expect(open.service.get(made.id)).rejects.toMatchObject({ code: 'not_found' });
    const kept = (await open.service.list({ limit: 200 })).data;
    expect(kept.map(({ id }) => id)).not.toContain(made.id);
    while ((await open.service.tend()) > 0);
    expect(await open.files()).toEqual([]);
    const left = (await open.service.list({ limit: 200 })).data;
    expect(left.map(({ status }) => status)).toEqual(['failed']);
  });
});
