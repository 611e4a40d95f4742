import type { BrowserContext, Page } from 'playwright-core';
import { openBrowser, watchPage } from './open-browser.ts';
import { type RunningApp, startApp } from './running-app.ts';
import { createTestDatabase } from './test-database.ts';

export type OpenDashboard = {
  app: RunningApp;
  context: BrowserContext;
  page: Page;
  /** What the page complained of until now. */
  complaints: string[];
  close(): Promise<void>;
};

/** Waits for what the page shows. */
const pageMs = 25_000;

/**
 * The built app over a database of its own, and an empty page of a browser beside it. `fill` comes before the browser;
 * `others` are origins that the page may go to as well, by certificates of our own.
 */
export const openDashboard = async ({
  settings = {},
  fill = async () => undefined,
  others = [],
}: {
  settings?: Record<string, string>;
  fill?: (app: RunningApp) => Promise<unknown>;
  others?: string[];
} = {}): Promise<OpenDashboard> => {
  const database = await createTestDatabase();
  const app = await startApp(database.url, settings);
  await fill(app);
  const { context, close } = await openBrowser({ trustsAll: others.length > 0 });
  const page = await context.newPage();
  await page.setViewportSize({ width: 1440, height: 900 });
  page.setDefaultTimeout(pageMs);
  return {
    app,
    context,
    page,
    complaints: watchPage(page, app.host.url, ...others),
    close: async () => {
      await close();
      await app.host.stop();
      await database.drop();
    },
  };
};
