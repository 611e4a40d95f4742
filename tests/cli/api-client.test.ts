import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { createApiClient } from '../../cli/api-client.ts';
import { findHost } from '../../cli/find-host.ts';

const answering = (...responses: [number, unknown][]) => {
  const requests: Request[] = [];
  const client = createApiClient({
    url: 'http://127.0.0.1:9',
    key: 'sq_key',
    fetch: async (input, init) => {
      requests.push(new Request(input, init));
      const [status, body] = responses.shift() ?? [500, 'no more answers'];
      return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });
    },
  });
  return { client, requests };
};

describe('createApiClient', () => {
  it('sends the key, and says what a problem says, with the faulty fields', async () => {
    const problem = {
      type: 'about:blank',
      title: 'Bad request',
      status: 400,
      detail: 'The request is not valid.',
      code: 'invalid_request',
      requestId: 'r',
      retryable: false,
      errors: [{ pointer: '/model', message: 'is missing' }],
    };
    const { client, requests } = answering([400, problem]);
    await expect(client.createInference({ provider: 'echo', model: '', prompt: 'x' })).rejects.toMatchObject({
      status: 400,
      problem: { code: 'invalid_request' },
      message: 'The request is not valid. /model is missing',
    });
    expect(requests[0]?.headers.get('authorization')).toBe('Bearer sq_key');
  });

  it('shows what came instead of a problem', async () => {
    const { client } = answering([502, '<html>Bad gateway']);
    await expect(client.listProviders()).rejects.toThrow('HTTP 502: <html>Bad gateway');
  });

  it('refuses an answer that breaks the contract', async () => {
    const { client } = answering([200, { data: [{ name: 1 }] }]);
    await expect(client.listProviders()).rejects.toThrow(/expected string/);
  });

  it('follows pages to the end', async () => {
    const { client, requests } = answering(
      [200, { data: [], nextCursor: 'next one' }],
      [200, { data: [], nextCursor: null }],
    );
    for await (const inference of client.allInferences({ metadata: 'demo:1' })) throw new Error(inference.id);
    expect(requests.map(({ url }) => new URL(url).searchParams.get('cursor'))).toEqual([null, 'next one']);
  });

  it('waits until the host is ready, and says why it is not', async () => {
    const ready = { status: 'ready', checks: { database: 'ok', migrations: 'ok' } };
    await answering([503, 'starting'], [200, ready]).client.waitUntilReady(5_000);
    await expect(answering([503, 'starting']).client.waitUntilReady(0)).rejects.toThrow(/starting/);
    const closed = createApiClient({ url: 'http://127.0.0.1:1', key: null });
    await expect(closed.waitUntilReady(0)).rejects.toThrow(
      /^http:\/\/127.0.0.1:1 does not answer: (?!.*does not answer)/,
    );
  });
});

describe('findHost', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sq-find-host-'));
  const hostFile = join(folder, 'host.json');
  writeFileSync(hostFile, JSON.stringify({ url: 'http://127.0.0.1:7071', pid: 1, key: 'sq_local' }));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('asks --url, then SQ_URL, then host.json', () => {
    const env = { SQ_URL: 'https://two.example', SQ_KEY: 'sq_own' };
    expect(findHost({ url: 'https://one.example', env, hostFile })).toEqual({
      url: 'https://one.example',
      key: 'sq_own',
    });
    expect(findHost({ env, hostFile })).toEqual({ url: 'https://two.example', key: 'sq_own' });
    expect(findHost({ env: {}, hostFile })).toEqual({ url: 'http://127.0.0.1:7071', key: 'sq_local' });
    expect(() => findHost({ env: {}, hostFile: join(folder, 'none') })).toThrow(/npm start/);
    expect(() => findHost({ url: 'localhost', env: {}, hostFile })).toThrow('"localhost" is no address');
  });

  it('shows the key of the local host to nobody else', () => {
    expect(findHost({ url: 'https://elsewhere.example', env: {}, hostFile }).key).toBeNull();
    expect(findHost({ url: 'http://127.0.0.1:7071/', env: {}, hostFile }).key).toBe('sq_local');
  });
});
