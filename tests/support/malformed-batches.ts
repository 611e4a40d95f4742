import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { type DocumentSchema, invalidFor } from './invalid-values.ts';
import type { MalformedRequest } from './malformed-requests.ts';
import { badTexts, oddSegment } from './odd-texts.ts';

const json = { 'content-type': 'application/json' };
const someId = '0198c0de-0000-7000-8000-0000000000ff';
const target = { provider: 'echo', model: 'm' };
const item = { itemKey: 'a', prompt: 'a' };
const goodBatch = { targets: [target], items: [item] };

/** Batches and schedules that fit the schemas and are wrong nevertheless, bad lines among good ones, and malformed keys. */
export const malformedBatches = (
  resolve: (schema: DocumentSchema) => DocumentSchema,
): fc.Arbitrary<MalformedRequest> => {
  const batchBody = fc.constantFrom<unknown>(
    { ...goodBatch, uploadId: someId },
    { targets: [target] },
    { targets: [target], uploadId: someId },
    { targets: [{ provider: 'echo' }], items: [item] },
    { targets: [{ ...target, provider: 'not-configured' }], items: [item] },
    { targets: [target], items: [item, item] },
    { targets: [target], items: [{ ...item, messages: [{ role: 'user', content: 'a' }] }] },
    { targets: [target], items: [{ ...item, metadata: { '\u0000': 1 } }] },
    { ...goodBatch, repetitions: 1000, targets: Array(50).fill(target), items: Array(50_000).fill(item) },
    { ...goodBatch, targets: [{ ...target, parameters: { maxOutputTokens: 1_000_000 } }] },
    { ...goodBatch, maxCostUsd: '-1' },
    { ...goodBatch, maxCostUsd: 1 },
    { ...goodBatch, deadlineMs: 300_001 },
  );
  const schedule = { name: 'n', cron: '0 3 * * *', batch: goodBatch };
  const scheduleBody = fc.oneof(
    batchBody.map((batch): unknown => ({ ...schedule, batch })),
    fc
      .constantFrom('* * * *', '0 0 30 2 *', '60 * * * *', '@daily yes', '0 3 * * *\u0000')
      .map((cron): unknown => ({ ...schedule, cron })),
    fc.constantFrom('Mars/Olympus', '+02:00', '').map((timeZone): unknown => ({ ...schedule, timeZone })),
  );
  const contradictoryBatch = fc
    .oneof(
      fc.tuple(fc.constantFrom('/api/v1/batches', '/api/v1/batches/estimate'), batchBody),
      fc.tuple(fc.constant('/api/v1/schedules'), scheduleBody),
    )
    .map(
      ([path, value]): MalformedRequest => ({
        kind: 'contradictory batch',
        method: 'POST',
        path,
        headers: json,
        body: JSON.stringify(value),
      }),
    );
  const good = JSON.stringify(item);
  const definition = encodeURIComponent(JSON.stringify({ targets: [target] }));
  const badLine = fc
    .oneof(
      badTexts(good),
      oddSegment.map((text) => `x${text}`),
      invalidFor({ $ref: '#/components/schemas/BatchItemInput' }, resolve).map((value) =>
        JSON.stringify(value),
      ),
      fc.constantFrom('[]', '1', 'null', '{"custom_id":"a"}', good, `{"a":${'['.repeat(100)}`),
    )
    // A blank line is none.
    .filter((line) => line === undefined || line.trim() !== '');
  const badLines = fc
    .tuple(
      fc.constantFrom('/api/v1/batches', '/api/v1/batches/estimate'),
      fc.constantFrom('application/jsonl', 'application/x-ndjson; charset=utf-8'),
      badLine.map((line) =>
        Buffer.concat([Buffer.from(`${good}\n`), Buffer.from(line ?? 'x'), Buffer.from('\n')]),
      ),
      fc.integer({ min: 0, max: 7 }),
    )
    .map(([path, type, body, choice]): MalformedRequest => {
      const place = `${path}?definition=${definition}`;
      const headers = { 'content-type': type };
      const fine = `${good}\n`;
      const gzip = { ...headers, 'content-encoding': 'gzip' };
      const odd: Partial<MalformedRequest>[] = [
        { path, body: fine },
        { path: `${path}?definition=`, body: fine },
        { path: `${path}?definition=%7B%22targets%22:[]%7D`, body: fine },
        { body: fine, headers: gzip },
        { body: new Uint8Array(gzipSync(fine).subarray(0, -4)), headers: gzip },
        { body: new Uint8Array(gzipSync(fine)), headers: { ...headers, 'content-encoding': 'deflate' } },
        { body: new Uint8Array(gzipSync(body)), headers: gzip },
      ];
      const more = odd[choice] ?? { body: new Uint8Array(body) };
      return { kind: 'lines', method: 'POST', path: place, headers, ...more };
    });
  const badKeys = fc
    .tuple(
      fc.constantFrom('', 'a b', 'x'.repeat(256), 'ä', 'tab\there'),
      fc.constantFrom(
        { path: '/api/v1/inferences', body: { ...target, prompt: 'a' } },
        { path: '/api/v1/batches', body: goodBatch },
      ),
    )
    .map(
      ([key, { path, body }]): MalformedRequest => ({
        kind: 'idempotency key',
        method: 'POST',
        path,
        headers: { ...json, 'idempotency-key': key },
        body: JSON.stringify(body),
      }),
    );
  return fc.oneof(
    { weight: 40, arbitrary: contradictoryBatch },
    { weight: 10, arbitrary: badKeys },
    { weight: 60, arbitrary: badLines },
  );
};
