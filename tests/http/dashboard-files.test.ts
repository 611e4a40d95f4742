import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import type { CreateAppOptions } from '../../src/http/create-app.ts';
import { startFakeApp } from '../support/fake-services.ts';
import { repositoryRoot } from '../support/import-graph.ts';

const webDir = join(repositoryRoot, 'dist/web');
const app = startFakeApp({}, { webDir });
const page = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  app.sendRaw(path, { method, headers: { accept: 'text/html,*/*;q=0.8', ...headers } });
const assetPath = async () => {
  const html = await (await page('/')).text();
  return /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1] ?? '';
};

describe('the dashboard’s page', () => {
  it.each(['/', '/batches', '/runs/0198c0de-0000-7000-8000-000000000001', '/no/such/page', '/index.html'])(
    'is at %s',
    async (path) => {
      const response = await page(path);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(response.headers.get('cache-control')).toBe('no-cache');
      expect(await response.text()).toContain('<div id="root">');
    },
  );

  it('has a policy without exceptions', async () => {
    const policy = (await page('/')).headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain(
      "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    );
    expect(policy).not.toMatch(/unsafe|nonce|\*|https?:/);
  });

  it('may talk to the host where people sign in, once there is one, and to no other', async () => {
    const policyWith = async (more: Partial<CreateAppOptions>) => {
      const { sendRaw } = startFakeApp({}, { webDir, ...more });
      const response = await sendRaw('/runs', { headers: { accept: 'text/html' } });
      return response.headers.get('content-security-policy') ?? '';
    };
    const entraSignIn = { authority: 'https://login.example/tenant', clientId: 'c', scope: 's' };
    const open = await policyWith({ entraSignIn });
    expect(open).toContain("; connect-src 'self' https://login.example; base-uri");
    expect(open.replace(' https://login.example', '')).toBe(await policyWith({}));
  });

  it('is not sent again to who has it', async () => {
    const etag = (await page('/')).headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]+"$/);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const again = await page('/', { 'if-none-match': known });
      expect([again.status, await again.text()]).toEqual([304, '']);
      expect(again.headers.get('content-security-policy')).toContain("script-src 'self'");
    }
    expect((await page('/', { 'if-none-match': '"other"' })).status).toBe(200);
  });

  it.each(['/', '/batches'])('answers HEAD at %s', async (path) => {
    const response = await page(path, {}, 'HEAD');
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it('is for those who ask for HTML', async () => {
    const response = await app.sendRaw('/batches', { headers: { accept: 'application/json' } });
    expect([response.status, response.headers.get('content-type')]).toEqual([
      404,
      'application/problem+json',
    ]);
  });

  it.each(['/api/nothing', '/v1/nothing', '/api', '/assets/nothing.js'])('is not at %s', async (path) =>
    expect((await page(path)).status).toBe(404),
  );

  it.each(['POST', 'PUT', 'DELETE'])('takes no %s', async (method) => {
    expect((await page('/batches', { 'x-sq-csrf': '1' }, method)).status).toBe(404);
    expect((await page('/', { 'x-sq-csrf': '1' }, method)).status).toBe(405);
  });

  it('gives way to the API’s page where none is built', async () => {
    const without = startFakeApp({}, { webDir: join(webDir, 'missing') });
    const response = await without.sendRaw('/', { headers: { accept: 'text/html' } });
    expect([response.status, response.headers.get('location')]).toEqual([302, '/api/docs']);
    expect((await without.sendRaw('/batches', { headers: { accept: 'text/html' } })).status).toBe(404);
  });
});

describe('the dashboard’s files', () => {
  it('are kept for good, and come compressed to who takes that', async () => {
    const path = await assetPath();
    const plain = await app.sendRaw(path);
    const text = await plain.text();
    expect(plain.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(plain.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect([plain.headers.get('content-encoding'), plain.headers.get('vary')]).toEqual([
      null,
      'Accept-Encoding',
    ]);
    expect(plain.headers.get('x-content-type-options')).toBe('nosniff');
    for (const [accepted, encoding, unpack] of [
      ['gzip, deflate, br', 'br', brotliDecompressSync],
      ['gzip, br;q=0', 'gzip', gunzipSync],
    ] as const) {
      const packed = await app.sendRaw(path, { headers: { 'accept-encoding': accepted } });
      expect(packed.headers.get('content-encoding')).toBe(encoding);
      expect(packed.headers.get('etag')).not.toBe(plain.headers.get('etag'));
      expect(unpack(new Uint8Array(await packed.arrayBuffer())).toString()).toBe(text);
    }
  });

  it.each([
    '/assets/../manifest.json',
    '/assets/..%2fmanifest.json',
    '/assets/%2e%2e/manifest.json',
    '/assets/..%5cmanifest.json',
    '/assets//etc/passwd',
    '/manifest.json',
    '/../package.json',
    '/%2e%2e%2fpackage.json',
    '/index.html.br',
  ])('are no others: %s', async (path) => {
    const response = await app.sendRaw(path);
    expect([response.status, response.headers.get('content-type')]).toEqual([
      404,
      'application/problem+json',
    ]);
  });
});
