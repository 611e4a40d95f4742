import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { createApiCall } from '../../cli/api-call.ts';
import { type UploadOptions, uploadFile } from '../../cli/upload-file.ts';
import { sendJson, sendProblem, startFakeBatchApi, uploadId } from '../support/fake-batch-api.ts';

const upload = (url: string, file: string, options?: UploadOptions) =>
  uploadFile(createApiCall({ url, key: 'sq_key', waitMs: () => 5 }), file, options);

describe('uploadFile', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sq-upload-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const part = (number: number) => `PUT /api/v1/uploads/${uploadId}/parts/${number}`;
  const open = { id: uploadId, name: 'x', contentEncoding: 'gzip', status: 'open', bytes: 1, parts: [] };
  const times = { createdAt: '2030-01-31T12:00:00Z', expiresAt: '2030-01-31T12:00:00Z', sha256: null };
  const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

  it('compresses on the way, names what each part should be, and sends one again that did not arrive', async () => {
    const content = Buffer.from(randomBytes(150_000).toString('hex'));
    const file = join(folder, 'questions.jsonl');
    writeFileSync(file, content);
    await using api = await startFakeBatchApi({
      ...Object.fromEntries(
        [2, 3, 4].map((number) => [part(number), (_, response) => sendJson(response, { ...open, ...times })]),
      ),
      [part(1)]: ({ count }, response) => {
        if (count === 0) response.destroy();
        else if (count === 1) sendProblem(response, 503, 'Starting.');
        else sendJson(response, { ...open, ...times });
      },
    });
    const progress: number[] = [];
    await upload(api.url, file, {
      partBytes: 50_000,
      onProgress: ({ readBytes, fileBytes }) => progress.push(readBytes / fileBytes),
    });
    expect(JSON.parse(String(api.callsOf('POST /api/v1/uploads')[0]?.body))).toEqual({
      name: 'questions.jsonl',
      contentEncoding: 'gzip',
    });
    const sent = api.calls.filter(({ method }) => method === 'PUT');
    expect(sent.map((call) => call.path.at(-1))).toEqual(['1', '1', '1', '2', '3', '4']);
    for (const { query, body } of sent) expect(query.get('sha256')).toBe(sha256(body));
    const whole = Buffer.concat(sent.slice(2).map(({ body }) => body));
    expect(gunzipSync(whole).equals(content)).toBe(true);
    expect(JSON.parse(String(api.calls.at(-1)?.body))).toEqual({ partCount: 4, sha256: sha256(whole) });
    expect(progress.at(-1)).toBe(1);
  });

  it('sends a compressed file as it is, whatever its name', async () => {
    const content = gzipSync('{"id":"a","prompt":"x"}\n');
    const file = join(folder, 'compressed');
    writeFileSync(file, content);
    await using api = await startFakeBatchApi();
    await upload(api.url, file);
    expect(api.callsOf(part(1))[0]?.body.equals(content)).toBe(true);
  });

  it('gives up after six tries, and at once where trying again is no use', async () => {
    const file = join(folder, 'small.jsonl');
    writeFileSync(file, '{}\n');
    await using api = await startFakeBatchApi({ [part(1)]: (_, response) => response.destroy() });
    await expect(upload(api.url, file)).rejects.toThrow(/does not answer/);
    expect(api.callsOf(part(1))).toHaveLength(6);
    await using refusing = await startFakeBatchApi({
      [part(1)]: (_, response) => sendProblem(response, 400, 'These are not those bytes.'),
    });
    await expect(upload(refusing.url, file)).rejects.toThrow('These are not those bytes.');
    expect(refusing.callsOf(part(1))).toHaveLength(1);
  });

  it('looks whether an upload is complete when the answer was lost', async () => {
    const file = join(folder, 'small.jsonl');
    writeFileSync(file, '{}\n');
    await using api = await startFakeBatchApi({
      [`POST /api/v1/uploads/${uploadId}/complete`]: ({ count }, response) => {
        if (count === 0) response.destroy();
        else sendProblem(response, 409, 'It is completed.');
      },
      [`GET /api/v1/uploads/${uploadId}`]: (_, response) =>
        sendJson(response, { ...open, ...times, status: 'completed' }),
    });
    expect(await upload(api.url, file)).toMatchObject({ status: 'completed' });
  });
});
