import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { OpenapiDocument } from '../../src/http/openapi-document.ts';
import { type DocumentOperation, documentOperations } from './document-operations.ts';
import { type DocumentSchema, invalidFor, validFor } from './invalid-values.ts';
import { malformedBatches } from './malformed-batches.ts';
import { badTexts, oddSegment } from './odd-texts.ts';

export type MalformedRequest = {
  /** What is wrong with it. */
  kind: string;
  method: string;
  /** Path and query, as they stand in the address. */
  path: string;
  body?: string | Uint8Array;
  headers: Record<string, string>;
};

/** A body may have 16 MiB, and a report of a failure is read by people. */
const shownInReports = ({ kind, method, path, headers, body }: MalformedRequest): string => {
  const start =
    typeof body === 'string' ? body.slice(0, 500) : Buffer.from(body ?? []).toString('hex', 0, 100);
  return `${kind}: ${method} ${path.slice(0, 500)} ${JSON.stringify(headers)} ${start}`;
};

const json = { 'content-type': 'application/json' };
const someId = '0198c0de-0000-7000-8000-0000000000ff';
/** Query keys that are numbers. */
const numbers = ['limit', 'bins', 'targetA', 'targetB', 'seed'];
/** Readable without a key, and lenient about queries: browsers come here. */
const pages: ReadonlySet<string> = new Set(['/', '/api/docs', '/api/docs/{file}']);

/** Requests of which each is wrong in at least one way, made from what the document says is right. */
export const malformedRequests = (document: OpenapiDocument): fc.Arbitrary<MalformedRequest> => {
  const schemas = document.components.schemas ?? {};
  const resolve = (schema: DocumentSchema): DocumentSchema =>
    schema.$ref === undefined ? schema : (schemas[schema.$ref.split('/').at(-1) ?? ''] as DocumentSchema);
  const operations = documentOperations(document);
  const withBody = operations.filter(({ body }) => body !== null);
  const withId = operations.filter(({ path }) => path.includes('{id}'));
  const withStrictQuery = operations.filter(({ path }) => !pages.has(path));
  const closed = operations.filter(({ isOpen }) => !isOpen);

  const fill = (path: string) => path.replace(/\{(?:id|a|b)\}/g, someId).replace('{file}', 'init.js');
  const validBody = ({ body }: DocumentOperation): fc.Arbitrary<unknown> =>
    body === null ? fc.constant(undefined) : validFor(body, resolve);
  const of = (
    kind: string,
    operation: DocumentOperation,
    more: Partial<MalformedRequest>,
  ): MalformedRequest => ({
    kind,
    method: operation.method,
    path: fill(operation.path),
    headers: json,
    ...more,
  });
  const each = (list: readonly DocumentOperation[]) => fc.constantFrom(...list);
  const sendable = (operation: DocumentOperation, value: unknown) =>
    operation.method === 'GET' || value === undefined ? {} : { body: JSON.stringify(value) };

  const wrongBody = each(withBody).chain((operation) =>
    invalidFor(operation.body ?? {}, resolve).map((value) =>
      of('body', operation, { body: JSON.stringify(value) ?? '' }),
    ),
  );
  const contradiction = fc.constantFrom<unknown>(
    { provider: 'echo', model: 'm' },
    { provider: 'echo', model: 'm', prompt: 'a', messages: [{ role: 'user', content: 'a' }] },
    { provider: 'not-configured', model: 'm', prompt: 'a' },
    {
      provider: 'echo',
      model: 'm',
      prompt: 'a',
      metadata: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [n, n])),
    },
    { provider: 'echo', model: 'm', prompt: 'a'.repeat(4_000_001) },
    {
      provider: 'echo',
      model: 'm',
      prompt: '{{missing}}',
      preprocessing: { variables: { 'not a name': 'x' } },
    },
    { provider: 'echo', model: 'm', prompt: 'a', metadata: { '\u0000': 1 } },
  );
  const contradictory = contradiction.map(
    (value): MalformedRequest => ({
      kind: 'contradictory body',
      method: 'POST',
      path: '/api/v1/inferences',
      headers: json,
      body: JSON.stringify(value),
    }),
  );
  const badJson = each(withBody).chain((operation) =>
    validBody(operation)
      .chain((value) => badTexts(JSON.stringify(value)))
      .map((body) => of('not JSON', operation, { body })),
  );
  const encodings = each(withBody).chain((operation) =>
    fc.tuple(validBody(operation), fc.integer({ min: 0, max: 6 })).map(([value, choice]) => {
      const text = JSON.stringify({ ...(value as object), prompt: 'ä' });
      const odd: Partial<MalformedRequest>[] = [
        { body: new Uint8Array(Buffer.from(text, 'latin1')) },
        { body: new Uint8Array(Buffer.from(text, 'utf16le')) },
        { body: new Uint8Array(gzipSync(text)), headers: { ...json, 'content-encoding': 'gzip' } },
        { body: new Uint8Array(gzipSync(text)) },
        { body: text, headers: { 'content-type': 'application/json; charset=utf-16' } },
        { body: text, headers: { 'content-type': 'application/x-www-form-urlencoded' } },
        { body: text, headers: { 'content-type': 'multipart/form-data; boundary=x' } },
      ];
      return of('encoding', operation, odd[choice] ?? {});
    }),
  );
  const deep = each(withBody).chain((operation) =>
    fc
      .tuple(fc.integer({ min: 65, max: 20_000 }), fc.boolean())
      .map(([depth, closes]) =>
        of('deep nesting', operation, { body: '{"a":['.repeat(depth) + (closes ? ']}'.repeat(depth) : '') }),
      ),
  );
  const oddIds = each(withId).chain((operation) =>
    fc.tuple(oddSegment, validBody(operation)).map(([segment, value]) =>
      of('odd id', operation, {
        path: operation.path.replace('{id}', segment),
        ...sendable(operation, value),
      }),
    ),
  );
  const unknownIds = each(withId).chain((operation) =>
    fc.tuple(fc.uuid({ version: 7 }), validBody(operation)).map(([id, value]) =>
      of('unknown id', operation, {
        path: operation.path.replace('{id}', id),
        ...sendable(operation, value),
      }),
    ),
  );
  const unknownPaths = fc.tuple(fc.constantFrom('/api/', '/api/v1/', '/v1/', '/x/'), oddSegment).map(
    ([folder, segment]): MalformedRequest => ({
      kind: 'unknown path',
      method: 'GET',
      path: folder + segment,
      headers: {},
    }),
  );
  const wrongMethods = fc
    .tuple(each(operations), fc.constantFrom('PUT', 'PATCH', 'DELETE', 'POST', 'GET'))
    .filter(
      ([{ path }, method]) => !operations.some((other) => other.path === path && other.method === method),
    )
    .map(([operation, method]) =>
      of('wrong method', operation, { method, ...(method !== 'GET' && { body: '{}' }) }),
    );
  const oddQueries = each(withStrictQuery).chain((operation) => {
    const declared = operation.parameters.filter((parameter) => parameter.in === 'query');
    const names = declared.map(({ name }) => name);
    const unknownKey = fc.string({ minLength: 1, maxLength: 20 }).filter((name) => !names.includes(name));
    const wrongValues = declared
      .filter(({ name }) => name !== 'text')
      .map(({ name, schema }) =>
        invalidFor(schema, resolve)
          // In a query everything is text, and a number may stand as one.
          .filter(
            (value) =>
              typeof value === 'string' &&
              value.isWellFormed() &&
              (!numbers.includes(name) || Number.isNaN(Number(value))),
          )
          .map((value) => `${name}=${encodeURIComponent(String(value))}`),
      );
    const query = fc.oneof(
      unknownKey.map((name) => `${encodeURIComponent(name)}=1`),
      fc.constantFrom(
        '__proto__=1',
        'headers=x',
        'Headers={}',
        'constructor=1',
        'a[]=1',
        'limit=1&limit=1',
        '%=1',
        'x=%ff',
      ),
      ...(names.length > 0
        ? [
            fc.constantFrom(
              'limit=0',
              'limit=-1',
              'limit=201',
              'limit=1.5',
              'limit=1e9',
              'limit=Infinity',
              'limit=0x',
            ),
            fc.string({ minLength: 1 }).map((text) => `cursor=${encodeURIComponent(text.toWellFormed())}`),
            fc.json().map((text) => `cursor=${Buffer.from(text).toString('base64url')}`),
          ]
        : []),
      ...wrongValues,
    );
    return fc
      .tuple(query, validBody(operation))
      .map(([text, value]) =>
        of('query', operation, { path: `${fill(operation.path)}?${text}`, ...sendable(operation, value) }),
      );
  });
  const badCredentials = each(closed).chain((operation) =>
    fc
      .tuple(
        fc.constantFrom(
          '',
          'Bearer',
          'Bearer x',
          'Basic YTpi',
          `Bearer sq_${'x'.repeat(43)}`,
          "Bearer sq_' or 1=1--",
          'sq_',
        ),
        validBody(operation),
      )
      .map(([authorization, value]) =>
        of('credential', operation, { headers: { ...json, authorization }, ...sendable(operation, value) }),
      ),
  );
  const huge = each(withBody).map((operation) =>
    of('huge body', operation, { body: `"${'x'.repeat(16 * 1024 * 1024)}"` }),
  );

  const any = fc.oneof(
    { weight: 400, arbitrary: wrongBody },
    { weight: 20, arbitrary: contradictory },
    { weight: 110, arbitrary: malformedBatches(resolve) },
    { weight: 100, arbitrary: badJson },
    { weight: 60, arbitrary: encodings },
    { weight: 20, arbitrary: deep },
    { weight: 80, arbitrary: oddIds },
    { weight: 40, arbitrary: unknownIds },
    { weight: 60, arbitrary: unknownPaths },
    { weight: 40, arbitrary: wrongMethods },
    { weight: 150, arbitrary: oddQueries },
    { weight: 40, arbitrary: badCredentials },
    { weight: 2, arbitrary: huge },
  );
  return any.map((request) => ({ ...request, [fc.toStringMethod]: () => shownInReports(request) }));
};
