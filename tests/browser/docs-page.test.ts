import { afterAll, beforeAll, expect, it } from '@jest/globals';
import {
  describeInBrowser,
  keepPicture,
  openBrowser,
  type TestBrowser,
  watchPage,
  withoutBrowser,
} from '../support/open-browser.ts';
import { type RunningApp, startApp } from '../support/running-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

describeInBrowser(`the page that shows the API${withoutBrowser}`, () => {
  let database: TestDatabase;
  let app: RunningApp;
  let browser: TestBrowser;

  beforeAll(async () => {
    database = await createTestDatabase();
    app = await startApp(database.url);
    browser = await openBrowser();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await app?.host.stop();
    await database?.drop();
  });

  it.each([1440, 390])(
    'lists every route at %d px, without an error and without a foreign address',
    async (width) => {
      const page = await browser.context.newPage();
      await page.setViewportSize({ width, height: 900 });
      const complaints = watchPage(page, app.host.url);
      await page.goto(`${app.host.url}/api/docs`);
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
      await keepPicture(page, `docs-${width}`);
      expect(complaints).toEqual([]);
      await page.close();
    },
    60_000,
  );
});
