import { describe, expect, it } from '@jest/globals';
import { AppError } from '../../src/errors.ts';
import type { WantedBytes } from '../../src/services/exports/export-service.ts';
import { fakeExports } from '../support/fake-exports.ts';
import { knownId, startFakeApp } from '../support/fake-services.ts';
import { readProblem } from '../support/read-problem.ts';

const path = `/api/v1/exports/${knownId}/download`;
const etag = `"${'a'.repeat(64)}"`;

describe('a download', () => {
  const start = () => {
    const wanted: (WantedBytes | null)[] = [];
    const app = startFakeApp({
      exportService: {
        read: async (id, bytes) => {
          wanted.push(bytes);
          return fakeExports(knownId).read(id, bytes);
        },
      },
    });
    return { ...app, wanted };
  };

  it.each<[string, WantedBytes | null]>([
    ['bytes=0-4', { from: 0, to: 4 }],
    ['bytes=3-', { from: 3, to: null }],
    ['Bytes=3-', { from: 3, to: null }],
    ['bytes=-5', { last: 5 }],
    ['bytes=5-3', null],
    ['bytes=0-1,3-4', null],
    ['bytes=', null],
    ['bytes=-', null],
    ['lines=0-1', null],
    ['bytes=9999999999999999999-', null],
  ])('with Range %s', async (range, expected) => {
    const { send, wanted } = start();
    const response = await send(path, { headers: { range } });
    expect(wanted).toEqual([expected]);
    expect(response.status).toBe(expected === null ? 200 : 206);
    expect(response.headers.get('content-range')).toBe(expected === null ? null : 'bytes 0-4/5');
    expect(await response.text()).toBe('hello');
  });

  it('says what it is, how large, and how to name it', async () => {
    const { send } = start();
    const { headers } = await send(path);
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-length': '5',
      'content-disposition': 'attachment; filename="runs-2026-01-02T030405.csv"',
      'accept-ranges': 'bytes',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      etag,
    });
  });

  it('of another file than the caller holds a part of is whole', async () => {
    const { send, wanted } = start();
    await send(path, { headers: { range: 'bytes=1-2', 'if-range': etag } });
    await send(path, { headers: { range: 'bytes=1-2', 'if-range': '"another"' } });
    expect(wanted).toEqual([{ from: 1, to: 2 }, null]);
  });

  it('of bytes that there are not tells how many there are', async () => {
    const refused = async () => {
      throw new AppError('range_not_satisfiable', 'The file has 5 bytes.');
    };
    const { send } = startFakeApp({ exportService: { read: refused } });
    const response = await send(path, { headers: { range: 'bytes=5-' } });
    expect(response.headers.get('content-range')).toBe('bytes */5');
    expect(await readProblem(response)).toMatchObject({ status: 416, code: 'range_not_satisfiable' });
  });
});

describe('a request for an export', () => {
  it.each([
    [{ what: 'results', format: 'csv' }, '/filter/batchId'],
    [{ what: 'results', format: 'csv', filter: { batchId: knownId, model: 'm' } }, '/filter/model'],
    [{ what: 'runs', format: 'xlsx' }, '/format'],
    [{ what: 'runs', format: 'csv', filter: { since: '2026' } }, '/filter/since'],
    [{ what: 'runs', format: 'openai' }, '/format'],
    [{ what: 'runs', format: 'csv', options: { by: 'model' } }, '/options/by'],
    [{ what: 'comparison', format: 'csv' }, '/options/by'],
    [{ what: 'comparison', format: 'csv', options: { by: 'model', bins: 9 } }, '/options/bins'],
    [{ what: 'timeseries', format: 'csv', options: { bucket: 'day', measure: 'mood' } }, '/options/measure'],
  ])('is refused with the place that is wrong: %j', async (body, pointer) => {
    const { post } = startFakeApp();
    const response = await post('/api/v1/exports', body);
    expect(response.status).toBe(400);
    expect((await response.json()).errors).toEqual(
      expect.arrayContaining([expect.objectContaining({ pointer })]),
    );
  });

  it('is answered with its place: 201 when the file is there, 202 while it is made', async () => {
    const body = { what: 'runs', format: 'csv' };
    const ready = await startFakeApp().post('/api/v1/exports', body);
    expect([ready.status, ready.headers.get('location')]).toEqual([201, `/api/v1/exports/${knownId}`]);
    const running = { ...(await fakeExports(knownId).get(knownId)), status: 'running' as const };
    const app = startFakeApp({ exportService: { create: async () => running } });
    expect((await app.post('/api/v1/exports', body)).status).toBe(202);
  });

  // Its files are named after it, and a folder of another name would stay.
  it('finds an export by its id in capitals, too', async () => {
    const { send } = startFakeApp();
    const capitals = `/api/v1/exports/${knownId.toUpperCase()}`;
    expect((await send(capitals)).status).toBe(200);
    expect((await send(capitals, { method: 'DELETE' })).status).toBe(204);
  });
});
