import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { ApiKeyCreated } from '../../src/contract/api-key.ts';
import { describeInBrowser, seriousFaults, withoutBrowser } from '../support/open-browser.ts';
import { type OpenDashboard, openDashboard } from '../support/open-dashboard.ts';
import type { RunningApp } from '../support/running-app.ts';

const stepMs = 60_000;
const unknownId = '01890000-0000-7000-8000-000000000000';

describeInBrowser(`the dashboard where something is missing${withoutBrowser}`, () => {
  let dashboard: OpenDashboard;
  let app: RunningApp;
  let page: Page;
  let complaints: string[] = [];
  const open = (path: string) => page.goto(`${app.host.url}${path}`);
  const text = (words: string | RegExp) => page.getByText(words).first();
  const button = (name: string | RegExp) => page.getByRole('button', { name });

  const makeKey = async (scopes: string[]) =>
    ApiKeyCreated.parse(await (await app.post('/api/v1/keys', { owner: scopes.join(' '), scopes })).json());
  const signIn = async (key: string) => {
    await page.getByLabel('API key').fill(key);
    await button('Sign in').click();
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
  };
  const signOut = async () => {
    await button('Sign out').click();
    await page.getByLabel('API key').waitFor();
  };

  beforeAll(async () => {
    dashboard = await openDashboard();
    ({ app, page, complaints } = dashboard);
  }, stepMs);

  afterAll(() => dashboard?.close());

  it(
    'says at an address of nothing what is not there, and offers no second try',
    async () => {
      await open(`/batches/${unknownId}`);
      await signIn(app.adminKey);
      const missing: [string, RegExp][] = [
        [`/batches/${unknownId}`, /There is no batch/],
        [`/runs/${unknownId}`, /There is no inference/],
        [`/schedules/${unknownId}`, /There is no schedule/],
        ['/runs/of-mine', /does not fit the contract/],
        [`/playground?round=${unknownId}`, /Nothing was asked under this address/],
        [`/study/versus?a=${unknownId}&b=${unknownId}`, /There is no such batch/],
      ];
      for (const [path, words] of missing) {
        await open(path);
        await text(words).waitFor();
        expect([path, await button('Try again').count(), await seriousFaults(page)]).toEqual([path, 0, []]);
      }
      // What the browser itself reports of them.
      expect(complaints.splice(0).filter((complaint) => !/status of 40[04]/.test(complaint))).toEqual([]);
    },
    stepMs,
  );

  it(
    'keeps what it has shown while the server is away, and says so',
    async () => {
      await open('/batches');
      await text('No batches yet').waitFor();
      await dashboard.context.setOffline(true);
      await button('completed').click();
      await text(/^The server cannot be reached\. What you see/).waitFor();
      await button('Try again').waitFor();
      await button('all').click();
      await text('No batches yet').waitFor();
      await button('completed').click();
      await dashboard.context.setOffline(false);
      await text('No batch is completed').waitFor();
      await text(/^The server cannot be reached/).waitFor({ state: 'detached' });
      expect(complaints.splice(0).filter((each) => !/ERR_INTERNET_DISCONNECTED/.test(each))).toEqual([]);
      await signOut();
    },
    stepMs,
  );

  it(
    'lets a key do what it may, and names the scope of the rest',
    async () => {
      const reader = await makeKey(['study:read']);
      await open('/batches');
      await signIn(reader.key);
      await text('No batches yet').waitFor();
      expect(await page.getByRole('link', { name: 'New batch' }).count()).toBe(0);
      for (const path of ['/batches/new', '/schedules/new']) {
        await open(path);
        await text(/It takes one with the scope/).waitFor();
      }
      await open('/playground');
      await page.getByLabel('Question').fill('May I?');
      await text('Asking needs the scope inference:write.').waitFor();
      expect(await button(/^Ask /).isDisabled()).toBe(true);
      expect(complaints).toEqual([]);
      await signOut();

      const writer = await makeKey(['inference:write']);
      await signIn(writer.key);
      await page.getByLabel('Question').fill('May I?');
      await button(/^Ask /).click();
      await page.getByRole('region', { name: 'Answer 1' }).getByText('ok', { exact: true }).waitFor();
      for (const path of ['/batches', '/runs', '/study', '/schedules']) {
        await open(path);
        await text(/study:read/).waitFor();
      }
      expect(complaints.splice(0).filter((complaint) => !/status of 403/.test(complaint))).toEqual([]);
      await signOut();
    },
    stepMs,
  );

  it(
    'asks anew for a key when the session has ended, and goes on at the same address',
    async () => {
      const { id, key } = await makeKey(['study:read']);
      await open('/study?window=7d&provider=nobody');
      await signIn(key);
      await text('No run fits these filters').waitFor();
      await app.post(`/api/v1/keys/${id}/revoke`, {});
      await page.getByLabel('Outcome').selectOption('ok');
      await page.getByLabel('API key').waitFor();
      await signIn(app.adminKey);
      await text('No run fits these filters').waitFor();
      expect(new URL(page.url()).search).toBe('?window=7d&provider=nobody&outcome=ok');
      expect(complaints.splice(0).filter((complaint) => !/status of 401/.test(complaint))).toEqual([]);
    },
    stepMs,
  );
});
