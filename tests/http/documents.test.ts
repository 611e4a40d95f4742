import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startFakeApp } from '../support/fake-services.ts';

const require = createRequire(import.meta.url);
const staticDir = dirname(require.resolve('swagger-ui-dist/package.json'));
const policyOf = (response: Response) => response.headers.get('content-security-policy') ?? '';

describe('the documentation page', () => {
  it('has no inline script or style, and a policy that would stop one', async () => {
    const response = await startFakeApp({}, { staticDir }).sendRaw('/api/docs');
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    const page = await response.text();
    expect(page).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/i);
    expect(policyOf(response)).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policyOf(response)).not.toMatch(/unsafe|\*/);
  });

  it('finds all its files at our own address', async () => {
    const app = startFakeApp({}, { staticDir });
    const page = await (await app.sendRaw('/api/docs')).text();
    const files = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path ?? '');
    expect(files).toHaveLength(3);
    for (const path of files) {
      const response = await app.sendRaw(path);
      expect([path, response.status]).toEqual([path, 200]);
      expect(response.headers.get('content-type')).toMatch(
        path.endsWith('.css') ? /^text\/css/ : /^text\/javascript/,
      );
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect((await response.text()).length).toBeGreaterThan(20);
    }
    expect(await (await app.sendRaw('/api/docs/init.js')).text()).toContain('/api/openapi.json');
  });

  it.each(['package.json', '..%2fpackage.json', '%2e%2e%2fpackage.json', 'absolute-path.js', 'x'])(
    'gives out no other file: %s',
    async (name) => {
      const response = await startFakeApp({}, { staticDir }).sendRaw(`/api/docs/${name}`);
      expect(response.status).toBe(404);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
    },
  );

  it('says 500 without a path when a file is missing, and finds it once it is there', async () => {
    const app = startFakeApp({}, { staticDir: join(staticDir, 'missing') });
    const response = await app.sendRaw('/api/docs/swagger-ui.css');
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('missing');
  });

  it('is where the root leads without a dashboard', async () => {
    const response = await startFakeApp().sendRaw('/');
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe('/api/docs');
  });
});

describe('headers of every answer', () => {
  it.each(['/api/health', '/api/v1/inferences', '/api/nothing', '/v1/nothing', '/', '/api/docs'])(
    '%s cannot be framed or sniffed',
    async (path) => {
      const { headers } = await startFakeApp().sendRaw(path);
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
      expect(headers.has('access-control-allow-origin')).toBe(false);
      expect(headers.has('strict-transport-security')).toBe(false);
    },
  );

  it('insist on https where the app runs behind it', async () => {
    const { headers } = await startFakeApp({}, { cookieSecure: true }).sendRaw('/api/health');
    expect(headers.get('strict-transport-security')).toMatch(/max-age=\d{7,}/);
  });
});
