import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type BrowserContext, chromium } from 'playwright-core';
import { type RunningApp, startApp } from '../support/running-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const executablePath = process.env.SQ_CHROMIUM;
const describeInBrowser = executablePath ? describe : describe.skip;

const withoutBrowser = executablePath ? '' : ' [skipped: SQ_CHROMIUM names no Chromium]';

describeInBrowser(`the page that shows the API${withoutBrowser}`, () => {
  let database: TestDatabase;
  let app: RunningApp;
  let context: BrowserContext;
  const profile = mkdtempSync(join(tmpdir(), 'browser-'));

  beforeAll(async () => {
    database = await createTestDatabase();
    app = await startApp(database.url);
    context = await chromium.launchPersistentContext(profile, {
      executablePath: executablePath ?? '',
      headless: true,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
  }, 60_000);

  afterAll(async () => {
    await context?.close();
    await app?.host.stop();
    await database?.drop();
    rmSync(profile, { recursive: true, force: true });
  });

  it.each([1440, 390])(
    'lists every route at %d px, without an error and without a foreign address',
    async (width) => {
      const page = await context.newPage();
      await page.setViewportSize({ width, height: 900 });
      const complaints: string[] = [];
      const foreign: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('request', (request) => {
        const url = request.url();
        if (!url.startsWith(app.host.url) && !url.startsWith('data:')) foreign.push(url);
      });
      await page.goto(`${app.host.url}/`);
      expect(new URL(page.url()).pathname).toBe('/api/docs');
      await page.locator('.opblock').first().waitFor();
      const document = (await (await fetch(`${app.host.url}/api/openapi.json`)).json()) as {
        paths: Record<string, Record<string, unknown>>;
      };
      const routes = Object.values(document.paths).flatMap((methods) => Object.keys(methods)).length;
      expect(await page.locator('.opblock').count()).toBe(routes);
      const overflow = await page.evaluate(
        () => globalThis.document.documentElement.scrollWidth - globalThis.innerWidth,
      );
      expect(overflow).toBeLessThanOrEqual(0);
      if (process.env.SQ_TEST_SCREENSHOTS)
        await page.screenshot({
          path: join(process.env.SQ_TEST_SCREENSHOTS, `docs-${width}.png`),
          fullPage: true,
        });
      expect(complaints).toEqual([]);
      expect(foreign).toEqual([]);
      await page.close();
    },
    60_000,
  );
});
