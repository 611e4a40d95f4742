import { describe, expect, it } from '@jest/globals';
import { Outcome } from '../../src/contract/inference.ts';
import { openapiDocument, routeDefinitions } from '../../src/http/openapi-document.ts';
import { startFakeApp } from '../support/fake-services.ts';

const document = openapiDocument('1.2.3');
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

type Operation = Record<string, unknown> & {
  parameters?: { name: string; in: string; required?: boolean; schema: unknown }[];
  responses: Record<string, { description: string; content?: Record<string, { schema: unknown }> }>;
};
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation: operation as Operation })),
);

/** Every object in the document, with its place. */
const walk = (value: unknown, place: string): [string, Record<string, unknown>][] => {
  if (!isRecord(value)) return [];
  const inner = Object.entries(value).flatMap(([key, item]) => walk(item, `${place}/${key}`));
  return Array.isArray(value) ? inner : [[place, value], ...inner];
};
const everywhere = walk(document, '#');

describe('the OpenAPI document', () => {
  it('is served as it is made', async () => {
    const response = await startFakeApp().sendRaw('/api/openapi.json');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(document)));
  });

  it('is OpenAPI 3.1 with title and version', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.info).toMatchObject({ title: 'study-query-llm', version: '1.2.3' });
  });

  it('has every route and no other', () => {
    const documented = operations.map(({ method, path }) => `${method} ${path}`);
    expect(documented.toSorted()).toEqual(
      routeDefinitions.map(({ method, path }) => `${method} ${path}`).toSorted(),
    );
  });

  it('has only references that resolve', () => {
    const references = everywhere.flatMap(([place, { $ref }]) =>
      typeof $ref === 'string' ? [[place, $ref]] : [],
    );
    expect(references.length).toBeGreaterThan(50);
    for (const [place, reference] of references) {
      const [, ...tokens] = (reference ?? '').split('/');
      const target = tokens.reduce<unknown>((at, token) => (isRecord(at) ? at[token] : undefined), document);
      expect([place, reference, isRecord(target)]).toEqual([place, reference, true]);
    }
  });

  it('uses only types that JSON Schema has', () => {
    const known = ['string', 'number', 'integer', 'boolean', 'array', 'object', 'null', 'http', 'apiKey'];
    for (const [place, { type }] of everywhere) {
      if (place.endsWith('/properties') || type === undefined) continue;
      expect([place, known]).toEqual([place, expect.arrayContaining([type].flat())]);
    }
  });

  it('has patterns without flags, which the generator would write into the pattern', () => {
    const patterns = everywhere.flatMap(([, { pattern }]) => (typeof pattern === 'string' ? [pattern] : []));
    expect(patterns.length).toBeGreaterThan(3);
    expect(patterns.filter((pattern) => /\/[a-z]+$/.test(pattern))).toEqual([]);
  });

  it('keeps components apart from "or null": a place says so, the component never', () => {
    for (const [name, schema] of Object.entries(document.components.schemas ?? {})) {
      const type = isRecord(schema) ? schema.type : undefined;
      expect([name, [type].flat().includes('null')]).toEqual([name, false]);
    }
    expect(document.components.schemas?.Outcome).toMatchObject({ enum: Outcome.options });
    expect(document.components.schemas?.Inference).toMatchObject({
      properties: { outcome: { anyOf: [{ $ref: '#/components/schemas/Outcome' }, { type: 'null' }] } },
    });
    // Both at once would fit nothing.
    expect(
      everywhere.filter(([, { allOf }]) => Array.isArray(allOf) && JSON.stringify(allOf).includes('"null"')),
    ).toEqual([]);
  });

  it('gives every operation an id of its own, words, its access and its answers', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, method, operation } of operations) {
      const name = `${method} ${path}`;
      const isOpen = operation['x-scope'] === 'open';
      expect([name, operation.summary]).toEqual([name, expect.any(String)]);
      expect([name, operation.security]).toEqual([name, isOpen ? [] : [{ apiKey: [] }, { session: [] }]]);
      const statuses = Object.keys(operation.responses);
      const needed = ['500', '503', ...(isOpen ? [] : ['401', '403'])];
      expect([name, statuses]).toEqual([name, expect.arrayContaining(needed)]);
      for (const status of statuses.filter((code) => code >= '400')) {
        if (path === '/api/ready' && status === '503') continue;
        const schema = operation.responses[status]?.content?.['application/problem+json']?.schema;
        expect([name, status, schema]).toEqual([name, status, { $ref: '#/components/schemas/Problem' }]);
      }
    }
  });

  it('declares the parameters of its paths', () => {
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect([path, declared.map(({ name }) => name)]).toEqual([path, inPath]);
      expect(declared.every(({ required }) => required)).toBe(true);
    }
  });
});
