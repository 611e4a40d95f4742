import { describe, expect, it } from '@jest/globals';
import { httpTriggerMetadata } from '../../local/host/http-trigger-metadata.ts';

const headers = { authorization: 'Bearer own' };
const metadata = (query: string, body: unknown = undefined, routeValues: Record<string, string> = {}) =>
  httpTriggerMetadata({
    query,
    body: body === undefined ? null : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    routeValues,
    headers,
  });

describe('httpTriggerMetadata', () => {
  it('announces headers, query and route values', () => {
    expect(metadata('a=1&a=2', undefined, { id: 'x' })).toEqual({
      a: { string: '1,2' },
      id: { string: 'x' },
      Query: { json: '{"a":"1,2"}' },
      Headers: { json: JSON.stringify(headers) },
    });
  });

  it('lets a client replace or hide the headers, by query and by body', () => {
    expect(metadata('Headers=%7B%22a%22%3A1%7D').Headers).toEqual({ string: '{"a":1}' });
    expect(metadata('headers=x').Headers).toBeUndefined();
    expect(metadata('', { Headers: { authorization: 'forged' } }).Headers).toEqual({
      json: '{"authorization":"forged"}',
    });
    expect(metadata('', { headers: 'x' }).Headers).toBeUndefined();
    expect(metadata('', 'not json, Headers').Headers).toEqual({ json: JSON.stringify(headers) });
  });

  it('keeps the route’s value under the client’s spelling', () => {
    expect(metadata('ID=x', undefined, { id: 'abc' })).toMatchObject({ ID: { string: 'abc' } });
    expect(metadata('ID=x', undefined, { id: 'abc' }).id).toBeUndefined();
  });

  it('takes top-level scalars of the body', () => {
    expect(metadata('', { s: 'a', n: 1.5, b: true, o: { x: 1 }, nothing: null })).toMatchObject({
      s: { string: 'a' },
      n: { string: '1.5' },
      b: { string: 'True' },
      o: { json: '{"x":1}' },
    });
  });
});
