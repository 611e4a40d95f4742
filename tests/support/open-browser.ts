import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const require = createRequire(import.meta.url);
const axe: { source: string } = require('axe-core');

const chromiumPath = process.env.SQ_CHROMIUM;
/** A suite that needs a browser. */
export const describeInBrowser = chromiumPath ? describe : describe.skip;
/** Part of a suite's name: why it is skipped, if it is. */
export const withoutBrowser = chromiumPath ? '' : ' [skipped: SQ_CHROMIUM names no Chromium]';

export type TestBrowser = { context: BrowserContext; close(): Promise<void> };

/** Debian's Chromium with an empty profile. `trustsAll`: certificates made by ourselves as well. */
export const openBrowser = async ({ trustsAll = false } = {}): Promise<TestBrowser> => {
  const profile = mkdtempSync(join(tmpdir(), 'browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath ?? '',
    headless: true,
    ignoreHTTPSErrors: trustsAll,
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
  return {
    context,
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
};

/** Whatever a page complains about (errors, and refusals by its policy), and addresses that are none of the origins. */
export const watchPage = (page: Page, ...origins: string[]): string[] => {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || /Content.Security.Policy/i.test(message.text()))
      complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    const isOurs = origins.some((origin) => new RegExp(`^(blob:)?${origin}/`).test(request.url()));
    if (!isOurs && !request.url().startsWith('data:')) complaints.push(`foreign: ${request.url()}`);
  });
  return complaints;
};

/** What axe-core finds serious or critical: the rule, and where. */
export const seriousFaults = async (page: Page): Promise<string[]> => {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    type Violation = { id: string; impact: string; nodes: { target: string[]; failureSummary: string }[] };
    type Axe = { run(options: object): Promise<{ violations: Violation[] }> };
    const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run({
      resultTypes: ['violations'],
    });
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary}`),
      );
  });
};

/** Keeps a picture of the whole page where `SQ_TEST_SCREENSHOTS` names a folder. */
export const keepPicture = async (page: Page, name: string): Promise<void> => {
  const folder = process.env.SQ_TEST_SCREENSHOTS;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
};
