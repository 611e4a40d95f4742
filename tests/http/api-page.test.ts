import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { routeDefinitions } from '../../src/http/openapi-document.ts';
import { problemKinds } from '../../src/http/problems.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/api.md'), 'utf8');

/** Cells of the table under a heading, without backticks. */
const rowsUnder = (heading: string): string[][] => {
  const section = page.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((text) => text.trim().replaceAll('`', '')),
    );
};

describe('docs/api.md', () => {
  it('lists every route with its access, and no other', () => {
    const documented = rowsUnder('Routes').map(([route, access]) => `${route} ${access}`);
    const registered = routeDefinitions.map(
      ({ method, path, 'x-scope': access }) => `${method.toUpperCase()} ${path} ${access}`,
    );
    expect(documented).toEqual(registered);
  });

  it('lists every error code with its status, and no other', () => {
    const documented = rowsUnder('Problems').map(([code, status]) => `${code} ${status}`);
    const known = Object.entries(problemKinds).map(([code, { status }]) => `${code} ${status}`);
    expect(documented.toSorted()).toEqual(known.toSorted());
  });

  it('lists the headers that an inference is answered with', () => {
    const create = routeDefinitions.find(({ operationId }) => operationId === 'createInference');
    const answer = create?.responses[201];
    const headers = Object.keys((answer && 'headers' in answer && answer.headers) || {});
    expect(headers.length).toBeGreaterThan(5);
    const documented = rowsUnder('Conventions').flatMap(([name = '']) => name.split(', '));
    expect(documented).toEqual(expect.arrayContaining(headers));
  });
});
