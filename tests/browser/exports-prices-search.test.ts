import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import type { Download, Page } from 'playwright-core';
import { describeInBrowser, keepPicture, seriousFaults, withoutBrowser } from '../support/open-browser.ts';
import { type OpenDashboard, openDashboard } from '../support/open-dashboard.ts';
import type { RunningApp } from '../support/running-app.ts';

const stepMs = 60_000;

/** More than the rows that are read at once, so that an export that may not be large is made by a job. */
const bulkCount = 520;
const priced = [
  'How does a lighthouse warn ships at night?',
  'How does a lighthouse warn ships at night <b>in fog</b>?',
  'Which bread wants the longest time?',
];

describeInBrowser(`exports, prices and search${withoutBrowser}`, () => {
  let dashboard: OpenDashboard;
  let app: RunningApp;
  let page: Page;
  let complaints: string[] = [];
  const open = (path: string) => page.goto(`${app.host.url}${path}`);
  const button = (name: string | RegExp) => page.getByRole('button', { name });
  const ask = async (provider: string, prompts: readonly string[]) => {
    const items = prompts.map((prompt, index) => ({ itemKey: `q${index}`, prompt }));
    const response = await app.post(
      '/api/v1/batches',
      { items, targets: [{ provider, model: 'echo-1' }], concurrency: 64 },
      { 'idempotency-key': provider },
    );
    const { id } = await response.json();
    for (;;) {
      const { status } = await (await app.send(`/api/v1/batches/${id}`)).json();
      if (status === 'completed') return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const contentOf = async (download: Promise<Download>): Promise<Buffer> =>
    readFile((await (await download).path()) ?? '');
  const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');

  beforeAll(async () => {
    const fill = async (running: RunningApp) => {
      app = running;
      await Promise.all([
        ask('echo-paid', priced),
        ask(
          'echo',
          Array.from({ length: bulkCount }, (_, index) => `What is ${index} plus ${index}?`),
        ),
      ]);
      await app.post('/api/v1/tick', {});
    };
    dashboard = await openDashboard({
      settings: {
        SQ_ECHO: JSON.stringify([{ name: 'echo' }, { name: 'echo-paid' }]),
        SQ_EXPORT_AT_ONCE_BYTES: '1',
      },
      fill,
    });
    ({ page, complaints } = dashboard);
    await open('/runs?provider=echo-paid');
    await page.getByLabel('API key').fill(app.adminKey);
    await button('Sign in').click();
  }, stepMs);

  afterAll(() => dashboard?.close());

  it(
    'exports what the filters keep, and the file is the one that it says',
    async () => {
      await page.getByText('3 runs').waitFor();
      await button('Export').click();
      await page.getByText('3 rows by the filters of this page').waitFor();
      await page.getByLabel('Format').selectOption({ label: 'JSON lines' });
      expect(await seriousFaults(page)).toEqual([]);
      const download = page.waitForEvent('download');
      await button('Make the file').click();
      const content = await contentOf(download);
      const rows = content.toString().trimEnd().split('\n');
      expect(rows.map((row) => JSON.parse(row).messages[0].content).toSorted()).toEqual(priced.toSorted());
      await page.getByText(/^3 rows, /).waitFor();
      expect(await page.locator('dialog code').textContent()).toBe(sha256(content));
      await keepPicture(page, 'export-done-1440-light');
    },
    stepMs,
  );

  it(
    'shows how far a large file is, lists it, gives it again and deletes it',
    async () => {
      await open('/runs');
      await button('Export').click();
      await page.getByText(`${bulkCount + priced.length} rows by`).waitFor();
      await page.getByLabel('Compressed').check();
      const download = page.waitForEvent('download');
      await button('Make the file').click();
      const bar = page.getByRole('progressbar', { name: 'Rows written' });
      await bar.waitFor();
      expect(await bar.getAttribute('value')).toBe('500');
      expect(await bar.getAttribute('max')).toBe(String(bulkCount + priced.length));
      const content = await contentOf(download);
      const rows: Record<string, string>[] = parse(gunzipSync(content), { columns: true });
      expect(rows).toHaveLength(bulkCount + priced.length);
      expect(new Set(rows.map(({ provider }) => provider))).toEqual(new Set(['echo', 'echo-paid']));
      await page.getByRole('dialog').getByRole('link', { name: 'Earlier exports' }).click();
      const row = page.getByRole('row').filter({ hasText: 'CSV, gzip' });
      await row.getByText('ready').waitFor();
      expect(await row.locator('code').getAttribute('title')).toBe(sha256(content));
      const again = page.waitForEvent('download');
      await row.getByRole('button', { name: 'Download' }).click();
      expect(sha256(await contentOf(again))).toBe(sha256(content));
      await row.getByRole('button', { name: 'Delete' }).click();
      await button('Delete the export').click();
      await row.waitFor({ state: 'detached' });
      // What it was made of is where the name leads; figures have their own table.
      await page.getByRole('link', { name: 'Runs', exact: true }).last().click();
      await page.waitForURL('**/runs?provider=echo-paid');
      await open('/study?by=provider');
      await button('Export').click();
      const figures = page.waitForEvent('download');
      await button('Make the file').click();
      const compared: Record<string, string>[] = parse(await contentOf(figures), { columns: true });
      expect(compared.map(({ key, run_count, cost_usd }) => [key, run_count, cost_usd])).toEqual([
        ['echo', String(bulkCount), '0'],
        ['echo-paid', '3', ''],
      ]);
    },
    stepMs,
  );

  it(
    'points out a model without a price, takes one, and computes what was unknown',
    async () => {
      await open('/settings');
      await page.getByRole('link', { name: 'Prices of their models' }).click();
      await page.getByText('3 answers of unknown cost').waitFor();
      await button('Add a price of echo-paid/echo-1').click();
      await page.locator('input[type="datetime-local"]:not([value=""])').waitFor();
      await page.getByLabel('Input', { exact: true }).fill('2,5');
      await page.getByLabel('Output', { exact: true }).fill('10');
      await button('Add the price').click();
      await page.getByText('write it as a decimal string').waitFor();
      await page.getByLabel('Input', { exact: true }).fill('2.5');
      await button('Add the price').click();
      await page.getByText(/^Added/).waitFor();
      await button('Preview').click();
      await page.getByText('Would change').waitFor();
      await keepPicture(page, 'prices-preview-1440-light');
      await button('Change 3 runs').click();
      await page.getByText('Changed', { exact: true }).waitFor();
      await page.getByText('In use without a price').waitFor({ state: 'detached' });
      expect(await seriousFaults(page)).toEqual([]);
      const { data } = await (await app.send('/api/v1/inferences?provider=echo-paid')).json();
      const expected = (run: { usage: { inputTokens: number; outputTokens: number } }) =>
        (run.usage.inputTokens * 2.5 + run.usage.outputTokens * 10) / 1e6;
      expect(data.map((run: { costUsd: string }) => Number(run.costUsd))).toEqual(data.map(expected));
      await open('/study?provider=echo-paid');
      await page.getByLabel('What these runs would have cost on').selectOption('openai/gpt-4o');
      // The price is the same, and so is the cost.
      await page.getByText('1.00 times, of 3 runs with a known cost').waitFor();
    },
    stepMs,
  );

  it(
    'finds by words and by meaning, runs like one, and what is asked twice in other words',
    async () => {
      await open('/runs');
      await page.getByLabel('Words').fill('lighthouse fog');
      await page.getByLabel('Words').press('Enter');
      await page.waitForURL('**/runs?text=lighthouse+fog');
      const hits = page.getByRole('list', { name: 'Found runs' }).getByRole('listitem');
      await hits.first().locator('mark').first().waitFor();
      expect(await hits.count()).toBe(1);
      expect(await hits.locator('a mark').allTextContents()).toEqual(['lighthouse', 'fog']);
      expect(await hits.locator('b').count()).toBe(0);
      await hits.getByText('<b>in fog</b>').first().waitFor();
      await page.getByLabel('Find by').selectOption('meaning');
      await page.getByLabel('A question like').fill('how do ships see a lighthouse at night');
      await button('Search').click();
      await page.waitForURL('**/runs?like=how+do+ships*');
      await hits.getByText('similar').first().waitFor();
      expect(await hits.first().textContent()).toMatch(/lighthouse.*\d+ % similar/);
      await page.reload();
      await hits.getByText('similar').first().waitFor();
      await hits.getByRole('link').first().click();
      const similar = page.getByRole('region', { name: 'Runs like this one' });
      await similar
        .getByText(/^\d+ % similar$/)
        .first()
        .waitFor();
      await open('/runs/duplicates?threshold=0.8&provider=echo-paid');
      const group = page.getByRole('list', { name: 'Groups of prompts' }).getByRole('listitem');
      await group.getByText('2 prompts').waitFor();
      await group.getByRole('link').first().click();
      await page.getByRole('heading', { level: 1, name: /^Run / }).waitFor();
    },
    stepMs,
  );

  it.each([1440, 390])(
    'fits %d px, light and dark: nothing sticks out, nothing serious for axe',
    async (width) => {
      await page.setViewportSize({ width, height: 900 });
      const pages = {
        exports: '/runs/exports',
        'runs-words': '/runs?text=lighthouse',
        'runs-like': '/runs?like=ships+at+night',
        duplicates: '/runs/duplicates?threshold=0.8',
        prices: '/settings/prices',
        'study-elsewhere': '/study?on=openai%2Fgpt-4o',
      };
      for (const [name, path] of Object.entries(pages)) {
        await open(path);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page.waitForFunction(() => document.querySelector('.loading') === null);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect([name, overflow <= 0]).toEqual([name, true]);
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
          await keepPicture(page, `${name}-${width}-${colorScheme}`);
          expect([name, colorScheme, await seriousFaults(page)]).toEqual([name, colorScheme, []]);
        }
      }
      expect(complaints).toEqual([]);
    },
    stepMs,
  );
});
